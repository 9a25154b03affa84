package dev.burnish.concurrent;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Constructor;
import java.lang.reflect.Executable;
import java.lang.reflect.Method;
import org.jspecify.annotations.Nullable;

/// A method or constructor that is called through a method handle, made at the first call.
///
/// Light workers start with reflection by native code, which saves them a hundred classes. A
/// virtual thread that waits below a native frame keeps its carrier, so code that may wait, such as
/// an endpoint, is called this way instead. Thread-safe.
public final class Invocation {
  private final Executable executable;
  private volatile @Nullable MethodHandle handle;

  /// @param executable made accessible
  public Invocation(Executable executable) {
    this.executable = executable;
  }

  /// Calls it.
  ///
  /// @param values the receiver, where there is one, and the arguments
  /// @return null for a method without a result
  /// @throws Throwable the exception that the method threw
  public @Nullable Object call(Object... values) throws Throwable {
    MethodHandle made = handle;
    if (made == null) {
      made = spread(executable);
      handle = made;
    }
    return made.invokeExact(values);
  }

  private static MethodHandle spread(Executable executable) throws IllegalAccessException {
    MethodHandle direct = direct(executable);
    int count = direct.type().parameterCount();
    return direct
        .asFixedArity()
        .asType(MethodType.genericMethodType(count))
        .asSpreader(Object[].class, count);
  }

  private static MethodHandle direct(Executable executable) throws IllegalAccessException {
    return switch (executable) {
      case Method method -> MethodHandles.lookup().unreflect(method);
      case Constructor<?> constructor -> MethodHandles.lookup().unreflectConstructor(constructor);
    };
  }
}
