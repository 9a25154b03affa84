package dev.burnish.learn;

import dev.burnish.metrics.Recordable;
import dev.burnish.metrics.RunRecorder;
import dev.burnish.train.StepReport;

/// Report of one update from preference pairs.
///
/// @param metrics of the policy before the update
public record PreferenceReport(StepReport step, PreferenceMetrics metrics) implements Recordable {
  @Override
  public void recordTo(RunRecorder run) {
    step.recordTo(run);
    metrics.recordTo(run, "");
  }
}
