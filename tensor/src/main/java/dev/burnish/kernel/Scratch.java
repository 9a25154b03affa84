package dev.burnish.kernel;

import dev.burnish.tensor.NativeFunctions;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/// Temporary native memory of a kernel, from the C library's allocator: too short-lived for a
/// tensor, too hot for an arena.
final class Scratch implements AutoCloseable {
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;

  private static final MethodHandle ALIGNED_ALLOC =
      NativeFunctions.ofC("aligned_alloc", FunctionDescriptor.of(LONG, LONG, LONG));

  private static final MethodHandle FREE =
      NativeFunctions.ofC("free", FunctionDescriptor.ofVoid(LONG));

  private final long address;

  Scratch(long bytes) {
    long rounded = Math.max(64, (bytes + 63) & -64L);
    try {
      address = (long) ALIGNED_ALLOC.invokeExact(64L, rounded);
    } catch (Throwable t) {
      throw new IllegalStateException("aligned_alloc failed: " + t.getMessage(), t);
    }
    if (address == 0) {
      throw new OutOfMemoryError(
          "a kernel needs %d bytes of native memory; use smaller batches".formatted(rounded));
    }
  }

  long address() {
    return address;
  }

  @Override
  public void close() {
    try {
      FREE.invokeExact(address);
    } catch (Throwable t) {
      throw new IllegalStateException("free failed: " + t.getMessage(), t);
    }
  }
}
