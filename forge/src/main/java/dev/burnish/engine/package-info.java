/// The generation engine: samples completions in batches, over a KV cache.
@NullMarked
package dev.burnish.engine;

import org.jspecify.annotations.NullMarked;
