package dev.burnish.metrics;

/// A report that records itself: whoever runs a loop needs not know what is in it.
public interface Recordable {
  /// Records every number under its key.
  void recordTo(RunRecorder run);
}
