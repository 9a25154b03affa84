package dev.burnish.launch;

/// Takes what processes print. Called by several threads.
@FunctionalInterface
public interface LogSink {
  /// A further line.
  void accept(LogLine line);
}
