package dev.burnish.service.routing;

import dev.burnish.mesh.ActorMesh;
import java.lang.reflect.Method;
import org.jspecify.annotations.Nullable;

/// The target of the calls of a replica.
public interface CallTarget {
  /// The name of the replica's actors, such as `policy/1`.
  String name();

  /// The generation of the replica; it grows with every restart.
  int generation();

  /// The replica's actors.
  ActorMesh<?> actors();

  /// Calls the replica on this thread.
  ///
  /// @param nanos timeout of the call
  @Nullable Object call(Method method, Object @Nullable [] arguments, long nanos) throws Throwable;
}
