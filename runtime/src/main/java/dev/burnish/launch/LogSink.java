package dev.burnish.launch;

/// Takes what processes print, as they print it: a sink that writes to a terminal makes it harmless
/// with [dev.burnish.concurrent.TerminalText].
///
/// That of a job is called by one thread, which does nothing else: it may wait, see [Backlog].
@FunctionalInterface
public interface LogSink {
  /// A further line.
  void accept(LogLine line);

  /// No more lines come: passes on what was held back.
  default void flush() {}
}
