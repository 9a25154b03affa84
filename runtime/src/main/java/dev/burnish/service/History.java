package dev.burnish.service;

/// What has happened to a service since it began, as its owner knows.
///
/// @param restarts of replicas
/// @param scalingFailures looks at which it could not be scaled
record History(int restarts, int scalingFailures) {
  /// Nothing, or nothing that is known.
  static final History NONE = new History(0, 0);
}
