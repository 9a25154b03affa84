package dev.burnish.mesh.host;

import dev.burnish.actor.ActorRef;
import dev.burnish.link.transport.ProcessAddress;

/// The address of a process, and the agent that started it.
///
/// @param agent of its host
public record ProcessRef(ProcessAddress address, ActorRef agent) {}
