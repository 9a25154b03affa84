package dev.burnish.metrics;

/// Takes the numbers of a step.
public interface Recorder {
  /// Records a value that the seed determines.
  ///
  /// @throws IllegalArgumentException if the key has another reduction in this step
  void record(String key, double value, Reduce reduce);

  /// Records a value that depends on the machine and the moment.
  ///
  /// @throws IllegalArgumentException if the key has another reduction in this step
  void time(String key, double value, Reduce reduce);
}
