package dev.burnish.concurrent;

/// Something that is to run at a time. Thread-safe.
@FunctionalInterface
public interface Alarm {
  /// One that has run.
  Alarm NONE = () -> {};

  /// Takes it back and lets go of what it holds; nothing if it has run or runs.
  void cancel();
}
