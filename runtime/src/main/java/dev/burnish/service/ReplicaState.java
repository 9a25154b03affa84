package dev.burnish.service;

/// The states of a replica.
public enum ReplicaState {
  /// Its processes start, its actors are constructed and brought up to date; it gets no calls.
  STARTING,
  /// It gets calls.
  HEALTHY,
  /// It is being removed: it finishes the calls that it has, and those of its sessions.
  DRAINING,
  /// It is gone. It is restarted, unless its restarts are used up.
  LOST,
  /// It was removed.
  STOPPED
}
