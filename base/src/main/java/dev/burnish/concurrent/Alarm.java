package dev.burnish.concurrent;

/// An action that is to run at a time. Thread-safe.
@FunctionalInterface
public interface Alarm {
  /// An alarm that has already run.
  Alarm NONE = () -> {};

  /// Cancels the alarm and releases what it holds; does nothing if it has run or is running.
  void cancel();
}
