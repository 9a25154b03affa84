package dev.burnish.actor;

/// An actor that is asked when something that it owns has failed.
public interface Supervising {
  /// Handles a failure of something owned. Runs like a call of the actor.
  ///
  /// @return whether it is handled: otherwise, and if this throws, the actor fails in turn and its
  ///   owner is asked
  boolean supervise(Supervisor.Failure failure);
}
