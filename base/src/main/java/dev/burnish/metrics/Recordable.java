package dev.burnish.metrics;

/// A report that records itself: the code that runs a loop need not know its content.
public interface Recordable {
  /// Records every number under its key.
  void recordTo(RunRecorder run);
}
