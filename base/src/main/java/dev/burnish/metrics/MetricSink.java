package dev.burnish.metrics;

/// Where the numbers of each step go. Called by one thread at a time.
@FunctionalInterface
public interface MetricSink extends AutoCloseable {
  /// Takes one step, durably: a process killed after the return has lost nothing of it.
  ///
  /// @throws java.io.UncheckedIOException if it cannot be written, with the file and the cure
  void write(StepMetrics metrics);

  @Override
  default void close() {}
}
