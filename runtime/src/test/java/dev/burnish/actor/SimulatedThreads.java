package dev.burnish.actor;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.concurrent.Executor;

/// Virtual threads that an executor of the test carries. The JDK has no public API for them; the
/// build opens its package to tests.
final class SimulatedThreads {
  private static final Method MAKE = method();

  private SimulatedThreads() {}

  private static Method method() {
    try {
      Method method =
          Class.forName("java.lang.ThreadBuilders")
              .getDeclaredMethod(
                  "newVirtualThread", Executor.class, String.class, int.class, Runnable.class);
      method.setAccessible(true);
      return method;
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("this JDK has no virtual threads with an executor", e);
    }
  }

  /// Starts a thread.
  ///
  /// @param carrier runs each step of it
  static void start(Executor carrier, String name, Runnable work) {
    try {
      ((Thread) MAKE.invoke(null, carrier, name, 0, work)).start();
    } catch (IllegalAccessException | InvocationTargetException e) {
      throw new IllegalStateException(e);
    }
  }
}
