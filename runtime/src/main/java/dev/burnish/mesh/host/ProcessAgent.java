package dev.burnish.mesh.host;

import dev.burnish.actor.ActorSystem.ActorStatus;
import dev.burnish.actor.Concurrent;
import java.util.List;

/// The interface under which every process reports on itself.
public interface ProcessAgent {
  /// The number of the agent in its process.
  long NUMBER = 2;

  /// Its actors.
  @Concurrent
  List<ActorStatus> actors();

  /// The bytes of a class that only the controller has, such as one of a script; empty if it has no
  /// class of this name either.
  @Concurrent
  byte[] classBytes(String name);
}
