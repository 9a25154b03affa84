package dev.burnish.metrics;

/// A destination for the numbers of each step. Called by one thread at a time.
@FunctionalInterface
public interface MetricSink extends AutoCloseable {
  /// Writes one step, durably: a process killed after the return has lost nothing of it.
  ///
  /// @throws java.io.UncheckedIOException if it cannot be written, with the file and the remedy
  void write(StepMetrics metrics);

  @Override
  default void close() {}
}
