package dev.burnish.actor;

import dev.burnish.link.transport.ProcessAddress;

/// The address of an actor.
///
/// @param number its own within the process
public record ActorRef(ProcessAddress process, long number) {}
