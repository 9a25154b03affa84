/// The time that it takes to plan what moves between layouts, and to move it through the tensor
/// store.
@NullMarked
package dev.burnish.bench.store;

import org.jspecify.annotations.NullMarked;
