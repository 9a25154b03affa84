package dev.burnish.safetensors;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// Gives the bytes of a tensor, as its type stores them, when they are about to be written.
public interface TensorBytes {
  /// The bytes; new memory is of `arena`, which ends once they are written.
  MemorySegment in(Arena arena);
}
