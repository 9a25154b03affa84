package dev.burnish.mesh;

import dev.burnish.actor.ActorSystem;

/// Actors owned by their spawner: an [ActorMesh] that can also be stopped.
///
/// As an argument, result or part of one it travels as an [ActorMesh]: so it is declared there, and
/// the receiver cannot stop the actors. An endpoint that declares an `OwnedMesh` is refused when
/// its actor is spawned. Thread-safe.
///
/// @param <T> the interface of the actors
public final class OwnedMesh<T> extends ActorMesh<T> implements AutoCloseable {
  private final ActorSupervision supervision;

  OwnedMesh(ActorSystem system, Class<T> type, ActorSupervision supervision) {
    super(system, type, supervision.actors(), supervision.shape(), system.settings().timeout());
    this.supervision = supervision;
  }

  /// Stops the actors: their calls, what they own, themselves. Waits a bounded time. Does nothing
  /// the second time.
  @Override
  public void close() {
    supervision.close();
  }

  ActorSupervision supervision() {
    return supervision;
  }
}
