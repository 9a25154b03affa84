package dev.burnish.cli;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.invoke.MethodHandle;

/// The JVM warns of its incubating vector module before the program starts, and no option silences
/// it. So the launcher starts it with standard error closed off and the real one under another
/// number, which this puts back in its place, for Java and for native code.
final class StandardError {
  private static final int NUMBER = 2;

  private StandardError() {}

  static void restore() {
    int kept = Integer.getInteger("burnish.stderr", NUMBER);
    if (kept == NUMBER) {
      return;
    }
    try {
      int result = (int) function("dup2", JAVA_INT, JAVA_INT).invokeExact(kept, NUMBER);
      int closed = (int) function("close", JAVA_INT).invokeExact(kept);
      if (result != NUMBER || closed != 0) {
        throw new IllegalStateException("dup2 and close returned " + result + ", " + closed);
      }
    } catch (Throwable e) {
      System.out.println("burnish: cannot write to standard error: " + e);
    }
  }

  @SuppressWarnings("restricted") // functions of the C library that are safe to call
  static MethodHandle function(String name, java.lang.foreign.MemoryLayout... arguments) {
    Linker linker = Linker.nativeLinker();
    return linker.downcallHandle(
        linker.defaultLookup().findOrThrow(name), FunctionDescriptor.of(JAVA_INT, arguments));
  }
}
