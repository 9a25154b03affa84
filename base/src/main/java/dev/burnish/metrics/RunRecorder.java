package dev.burnish.metrics;

/// Takes what a [Recordable] has to say of a step, and of the run as a whole.
public interface RunRecorder extends Recorder {
  /// Sets a number of the run as a whole; the value that was set last counts.
  void summarize(String key, double value);

  /// Reports arithmetic, of which the run makes a share of what the machine can do.
  ///
  /// @param flops floating-point operations
  /// @param seconds that they took
  void computed(double flops, double seconds);

  /// Shows a line to the user.
  void say(String text);
}
