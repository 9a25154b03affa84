package dev.burnish.mesh.host;

import dev.burnish.actor.ActorRef;
import dev.burnish.actor.Concurrent;
import dev.burnish.launch.LogLine;

/// The interface through which the hosts of a job report to its controller.
public interface HostRegistry {
  /// The number of the registry in the controller.
  long NUMBER = 4;

  /// Called when a host has joined and takes processes.
  @Concurrent
  void joined(ActorRef agent);

  /// Called when a process of a host has printed a line.
  void printed(LogLine line);
}
