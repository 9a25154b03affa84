package dev.burnish.service;

import java.time.Instant;

/// A replica as its service sees it.
///
/// @param index its number within the service
/// @param mesh the name of its actors, the same after every restart
/// @param numRestarts since the service began
/// @param since when it has this state
/// @param reason why it was last lost; empty if it never was
public record ReplicaStatus(
    int index, String mesh, ReplicaState state, int numRestarts, Instant since, String reason) {}
