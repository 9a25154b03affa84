/// The generation engine: samples completions in batches, over a key-value cache.
@NullMarked
package dev.burnish.engine;

import org.jspecify.annotations.NullMarked;
