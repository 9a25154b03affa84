package dev.burnish.tensor;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;

/// Handles of functions of native libraries. Callers keep a handle in a constant, so that a call
/// costs no more than one from C.
public final class NativeFunctions {
  private NativeFunctions() {}

  /// A function of the C library.
  ///
  /// @throws IllegalStateException if this system's C library has none of that name
  public static MethodHandle ofC(String name, FunctionDescriptor type) {
    MemorySegment symbol =
        Linker.nativeLinker()
            .defaultLookup()
            .find(name)
            .orElseThrow(() ->
                new IllegalStateException(
                    "the C library must have name=%s; burnish runs on Linux".formatted(name)));
    return Linker.nativeLinker().downcallHandle(symbol, type);
  }

  /// A function of a library that libtorch has loaded, such as OpenBLAS.
  ///
  /// @throws IllegalStateException if none of them has one of that name
  public static MethodHandle ofLibtorch(String name, FunctionDescriptor type) {
    Libtorch.load();
    MemorySegment symbol =
        SymbolLookup.loaderLookup()
            .find(name)
            .orElseThrow(() ->
                new IllegalStateException(
                    "a loaded library must have name=%s; put openblas and libtorch on the class path"
                        .formatted(name)));
    return Linker.nativeLinker().downcallHandle(symbol, type);
  }
}
