package dev.burnish.train.checkpoint;

/// The checkpoint that was best by some metric.
///
/// @param number of the checkpoint
public record Best(String metric, double value, long number) {
  /// The direction in which a metric improves.
  public enum Goal {
    HIGHEST,
    LOWEST;

    /// Whether the first is better than the second; one of another metric counts as worse, and a
    /// value that is not a number is never better.
    public boolean better(Best first, Best second) {
      if (Double.isNaN(first.value()) || Double.isNaN(second.value())) {
        return !Double.isNaN(first.value());
      }
      int order = Double.compare(first.value(), second.value());
      return !first.metric().equals(second.metric()) || (this == HIGHEST ? order > 0 : order < 0);
    }
  }
}
