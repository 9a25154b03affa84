package dev.burnish.service;

import org.jspecify.annotations.Nullable;

/// The outcome at one replica of a call that went to every replica.
public sealed interface Outcome<R extends @Nullable Object> {
  /// The number of the replica.
  int replica();

  /// It answered.
  record Value<R extends @Nullable Object>(int replica, R value) implements Outcome<R> {}

  /// It failed: by an exception of the endpoint, or of the system.
  record Failed<R extends @Nullable Object>(int replica, RuntimeException cause)
      implements Outcome<R> {}
}
