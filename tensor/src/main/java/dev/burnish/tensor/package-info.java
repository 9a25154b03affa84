/// Tensors on libtorch: a thin, device-agnostic facade with explicit scopes for native memory.
@NullMarked
package dev.burnish.tensor;

import org.jspecify.annotations.NullMarked;
