package dev.burnish.mesh.host;

import dev.burnish.actor.ActorRef;
import dev.burnish.link.transport.ProcessAddress;

/// Where a process is, and who started it.
///
/// @param agent of its host
public record ProcessRef(ProcessAddress address, ActorRef agent) {}
