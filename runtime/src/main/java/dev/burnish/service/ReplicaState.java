package dev.burnish.service;

/// What a replica is.
public enum ReplicaState {
  /// Its processes start, its actors are constructed and brought up to date; it gets no calls.
  STARTING,
  /// It gets calls.
  HEALTHY,
  /// It is being removed: it ends the calls that it has, and those of its sessions.
  DRAINING,
  /// It is gone. It is started anew, unless its restarts are used up.
  LOST,
  /// It was removed.
  STOPPED
}
