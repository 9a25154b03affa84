package dev.burnish.train;

import static dev.burnish.metrics.Reduce.LAST;

import dev.burnish.metrics.Recordable;
import dev.burnish.metrics.RunRecorder;
import dev.burnish.train.objective.LossMetrics;

/// Report of one optimizer step.
///
/// @param gradientNorm global, before clipping
/// @param entropy mean over the targets, in nats
/// @param tokens computed, shared ones once
/// @param targets predicted
/// @param flops floating-point operations of forward and backward
/// @param metrics of the objectives, before the update
public record StepReport(
    long step,
    double loss,
    double gradientNorm,
    double lr,
    double entropy,
    int tokens,
    int targets,
    double flops,
    double seconds,
    LossMetrics metrics)
    implements Recordable {
  /// The report where there was nothing to train on, and no step was done.
  public static StepReport none() {
    return new StepReport(0, Double.NaN, 0, 0, 0, 0, 0, 0, 0, LossMetrics.NONE);
  }

  /// Whether no step was done.
  public boolean isNone() {
    return step == 0;
  }

  public double tokensPerSecond() {
    return tokens / seconds;
  }

  StepReport withSeconds(double value) {
    return new StepReport(
        step, loss, gradientNorm, lr, entropy, tokens, targets, flops, value, metrics);
  }

  @Override
  public void recordTo(RunRecorder run) {
    run.record("targets", targets, LAST);
    if (isNone()) {
      return;
    }
    run.record("loss", loss, LAST);
    run.record("gradNorm", gradientNorm, LAST);
    run.record("lr", lr, LAST);
    run.record("entropy", entropy, LAST);
    run.time("trainTokensPerSecond", tokensPerSecond(), LAST);
    run.time("trainSeconds", seconds, LAST);
    run.computed(flops, seconds);
  }
}
