package dev.burnish.metrics;

/// Takes the values that a [Recordable] records for a step, and for the run as a whole.
public interface RunRecorder extends Recorder {
  /// Sets a number of the run as a whole; the last value set counts.
  void summarize(String key, double value);

  /// Reports arithmetic, which the run converts to a fraction of the machine's peak.
  ///
  /// @param flops floating-point operations
  /// @param seconds the time that they took
  void computed(double flops, double seconds);

  /// Shows a line to the user.
  void say(String text);
}
