package dev.burnish.mesh;

import dev.burnish.actor.Supervisor.Failure;
import java.util.function.Predicate;

/// How a mesh of actors is supervised.
///
/// @param restart what happens when an actor fails
/// @param onFailure asked on a failure without restart: whether it is handled; otherwise it goes to
///   the owner of the mesh
public record ActorOptions(RestartPolicy restart, Predicate<Failure> onFailure) {
  /// No restart; failures go to the owner.
  public static ActorOptions defaults() {
    return new ActorOptions(RestartPolicy.never(), failure -> false);
  }

  /// The same with restarts.
  public ActorOptions withRestart(RestartPolicy policy) {
    return new ActorOptions(policy, onFailure);
  }

  /// The same with a handler of failures.
  public ActorOptions withOnFailure(Predicate<Failure> handler) {
    return new ActorOptions(restart, handler);
  }
}
