/// Processes that hold the bytes of tensors for others: as one of several copies, and on disk where
/// there are more than memory is given for.
@NullMarked
package dev.burnish.store.volume;

import org.jspecify.annotations.NullMarked;
