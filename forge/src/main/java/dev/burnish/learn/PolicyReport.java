package dev.burnish.learn;

import static dev.burnish.metrics.Reduce.LAST;

import dev.burnish.algorithm.LossResult;
import dev.burnish.metrics.Recordable;
import dev.burnish.metrics.RunRecorder;
import dev.burnish.train.StepReport;

/// Report of one update of a policy.
///
/// @param reward mean over the episodes
/// @param responseLength mean tokens of a completion
public record PolicyReport(
    StepReport step, LossResult.Metrics loss, double reward, double responseLength)
    implements Recordable {
  /// The report of a step without groups, which trains nothing: it has no reward.
  static PolicyReport none() {
    return new PolicyReport(StepReport.none(), LossResult.Metrics.ZERO, Double.NaN, Double.NaN);
  }

  @Override
  public void recordTo(RunRecorder run) {
    if (step.isNone()) {
      step.recordTo(run);
      return;
    }
    step.recordTo(run);
    run.record("reward", reward, LAST);
    run.record("responseLength", responseLength, LAST);
    run.record("kl", loss.referenceKl(), LAST);
    run.record("oldKl", loss.oldKl(), LAST);
    run.record("clipFraction", loss.clipFraction(), LAST);
  }
}
