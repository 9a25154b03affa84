/// Weights as others see them: versions in memory that processes share.
@NullMarked
package dev.burnish.store;

import org.jspecify.annotations.NullMarked;
