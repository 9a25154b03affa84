package dev.burnish.service;

/// Counts of events in a service since it began, as its owner knows them.
///
/// @param restarts of replicas
/// @param scalingFailures checks at which it could not be scaled
record History(int restarts, int scalingFailures) {
  /// No events, or none that are known.
  static final History NONE = new History(0, 0);
}
