package dev.burnish.actor;

import dev.burnish.link.transport.ProcessAddress;

/// Where an actor is.
///
/// @param number its own within the process
public record ActorRef(ProcessAddress process, long number) {}
