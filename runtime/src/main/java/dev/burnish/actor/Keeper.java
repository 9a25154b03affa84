package dev.burnish.actor;

/// Looks after the actors of a mesh: is told when one fails, and knows where each is.
public interface Keeper extends Supervisor {
  /// Where an actor is; waits while it is being made anew.
  ///
  /// @param place of the actor in the list of the mesh's actors
  /// @throws dev.burnish.link.failure.ReplicaLost if it is gone
  /// @throws IllegalArgumentException if there is no such place
  ActorRef locate(int place);
}
