package dev.burnish.launch;

/// Takes the lines of processes as they are printed: a sink that writes to a terminal makes them
/// harmless with [dev.burnish.concurrent.TerminalText].
///
/// The sink of a job is called by one thread, which does nothing else: it may wait, see [Backlog].
@FunctionalInterface
public interface LogSink {
  /// A further line.
  void accept(LogLine line);

  /// Passes on the lines that were held back: no more come.
  default void flush() {}
}
