package dev.burnish.actor;

import dev.burnish.actor.Supervisor.Failure;
import dev.burnish.link.Link;

/// A request to a process, sent as a call of the number 0, which no actor has.
sealed interface Command {
  /// The target of commands.
  Link.Target PROCESS = new Link.Target(0, 0);

  /// Constructs an actor. Answered when it is constructed.
  record Spawn(ActorSpec spec) implements Command {}

  /// Stops an actor. Answered when it has stopped.
  record Stop(long number, String reason) implements Command {}

  /// Tells the owner of a mesh of a failure. Not answered.
  record Failed(long mesh, Failure failure) implements Command {}

  /// Asks the owner of a mesh where one of its actors is. Answered when it has a process.
  record Locate(long mesh, int place) implements Command {}

  /// Pings an actor; it answers even while it is busy.
  record Ping(long number) implements Command {}

  /// Answered when an actor is constructed.
  record Await(long number) implements Command {}
}
