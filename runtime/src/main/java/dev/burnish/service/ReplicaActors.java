package dev.burnish.service;

import dev.burnish.mesh.ActorMesh;
import dev.burnish.service.routing.CallTarget;
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
/// @param nanos timeout of calls of the stub
/// @param stub of rank 0, kept since most calls have the same timeout
record ReplicaActors(int generation, ActorMesh<?> actors, long nanos, Object stub)
    implements CallTarget {
  /// A call whose timeout differs from the default by less uses the default.
  private static final long TOLERANCE = 1_000_000;

  /// @param timeout of most calls
  static ReplicaActors of(int generation, ActorMesh<?> actors, Duration timeout) {
    return new ReplicaActors(generation, actors, timeout.toNanos(), rankZero(actors, timeout));
  }

  private static Object rankZero(ActorMesh<?> actors, Duration timeout) {
    return actors.within(timeout).actor(0);
  }

  @Override
  public String name() {
    return actors.name();
  }

  @Override
  public @Nullable Object call(Method method, Object @Nullable [] arguments, long left)
      throws Throwable {
    if (actors.size() == 1) {
      Object actor =
          Math.abs(nanos - left) < TOLERANCE ? stub : rankZero(actors, Duration.ofNanos(left));
      return handler(actor).invoke(actor, method, arguments);
    }
    try {
      List<@Nullable Object> results =
          actors.within(Duration.ofNanos(left)).gather(actor -> call(actor, method, arguments));
      results.subList(1, results.size()).forEach(ReplicaActors::leave);
      return results.getFirst();
    } catch (UndeclaredThrowableException e) {
      throw e.getUndeclaredThrowable();
    } catch (CancellationException e) {
      throw FanOut.ended(e, name() + "." + method.getName());
    }
  }

  /// Closes a result that has no receiver.
  private static void leave(@Nullable Object result) {
    if (result instanceof AutoCloseable closeable) {
      try {
        closeable.close();
      } catch (Exception e) {
        System.getLogger(ReplicaActors.class.getName())
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
