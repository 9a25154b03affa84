package dev.burnish.service;

import dev.burnish.mesh.ActorMesh;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.lang.reflect.UndeclaredThrowableException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;

/// The actors of a replica, called as one: a call goes to all of them, its result is that of rank
/// 0.
///
/// @param generation of the replica, which grows with every restart
/// @param nanos that calls of the stub have
/// @param stub of rank 0, kept since most calls have the same time
record Target<T>(int generation, ActorMesh<T> mesh, long nanos, T stub) {
  /// A call whose time differs from the usual by less has the usual.
  private static final long TOLERANCE = 1_000_000;

  /// @param timeout of most calls
  static <T> Target<T> of(int generation, ActorMesh<T> mesh, Duration timeout) {
    return new Target<>(generation, mesh, timeout.toNanos(), mesh.within(timeout).actor(0));
  }

  /// Calls.
  ///
  /// @param left nanoseconds that the call has
  @Nullable Object call(Method method, Object @Nullable [] arguments, long left) throws Throwable {
    if (mesh.size() == 1) {
      T actor =
          Math.abs(nanos - left) < TOLERANCE ? stub : mesh.within(Duration.ofNanos(left)).actor(0);
      return handler(actor).invoke(actor, method, arguments);
    }
    try {
      List<@Nullable Object> results =
          mesh.within(Duration.ofNanos(left)).gather(actor -> call(actor, method, arguments));
      results.subList(1, results.size()).forEach(Target::leave);
      return results.getFirst();
    } catch (UndeclaredThrowableException e) {
      throw e.getUndeclaredThrowable();
    } catch (CancellationException e) {
      throw FanOut.ended(e, mesh.name() + "." + method.getName());
    }
  }

  /// What a result holds that nobody gets.
  private static void leave(@Nullable Object result) {
    if (result instanceof AutoCloseable closeable) {
      try {
        closeable.close();
      } catch (Exception e) {
        System.getLogger(Target.class.getName())
            .log(System.Logger.Level.WARNING, "the result of a further process does not end", e);
      }
    }
  }

  /// @throws UndeclaredThrowableException around a checked exception of the endpoint
  private static @Nullable Object call(Object actor, Method method, Object @Nullable [] arguments) {
    try {
      return handler(actor).invoke(actor, method, arguments);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new UndeclaredThrowableException(e);
    }
  }

  private static InvocationHandler handler(Object actor) {
    return Proxy.getInvocationHandler(actor);
  }
}
