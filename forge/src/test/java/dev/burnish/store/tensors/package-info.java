@NullMarked
package dev.burnish.store.tensors;

import org.jspecify.annotations.NullMarked;
