package dev.burnish.learn;

import static dev.burnish.metrics.Reduce.LAST;

import dev.burnish.algorithm.LossResult;
import dev.burnish.algorithm.advantage.ValueLoss;
import dev.burnish.metrics.Recordable;
import dev.burnish.metrics.RunRecorder;
import dev.burnish.rollout.Episode;
import dev.burnish.rollout.ScoredGroup;
import dev.burnish.train.StepReport;
import java.util.List;
import java.util.function.ToDoubleFunction;

/// Report of one step of PPO: means over its updates.
///
/// @param policy report of the policy's updates
/// @param critic report of the critic's
/// @param valueClipFraction of targets where the clip of the value decided
/// @param critique what the critic said before the updates
/// @param reward mean over the episodes
/// @param responseLength mean tokens of an episode that were sampled
public record PpoReport(
    StepReport policy,
    StepReport critic,
    LossResult.Metrics loss,
    double valueClipFraction,
    Critique critique,
    double reward,
    double responseLength)
    implements Recordable {
  /// Means over the targets of the step, before its updates.
  ///
  /// @param explainedVariance share of the returns' variance that the values explain, at most 1; 0
  ///   where all returns are equal
  /// @param referenceKl divergence from the reference, estimator k3; 0 without one
  public record Critique(
      double meanValue, double meanReturn, double explainedVariance, double referenceKl) {}

  /// The reports of a step's updates.
  ///
  /// @param epochs number of times that each episode was trained on
  record Updates(List<StepReport> policy, List<StepReport> critic, int epochs) {
    LossResult.Metrics loss() {
      return policy.stream()
          .map(report -> report.metrics().policy().orElse(LossResult.Metrics.ZERO))
          .reduce(LossResult.Metrics.ZERO, LossResult.Metrics::plus)
          .times(1.0 / epochs);
    }

    double valueClipFraction() {
      return critic.stream()
              .map(report -> report.metrics().value().orElse(ValueLoss.Metrics.ZERO))
              .mapToDouble(ValueLoss.Metrics::clipFraction)
              .sum()
          / epochs;
    }
  }

  static PpoReport of(Updates updates, Critique critique, List<ScoredGroup> groups) {
    List<Episode> episodes = groups.stream().flatMap(g -> g.episodes().stream()).toList();
    return new PpoReport(
        together(updates.policy()),
        together(updates.critic()),
        updates.loss(),
        updates.valueClipFraction(),
        critique,
        episodes.stream().mapToDouble(Episode::reward).average().orElseThrow(),
        episodes.stream().mapToInt(Episode::numSampled).average().orElseThrow());
  }

  /// The report of a step without groups, which trains nothing: it has no reward.
  static PpoReport none() {
    return new PpoReport(
        StepReport.none(),
        StepReport.none(),
        LossResult.Metrics.ZERO,
        0,
        new Critique(Double.NaN, Double.NaN, 0, 0),
        Double.NaN,
        Double.NaN);
  }

  /// One report of several updates: means, and sums of what was computed.
  private static StepReport together(List<StepReport> updates) {
    StepReport last = updates.getLast();
    return new StepReport(
        last.step(),
        mean(updates, StepReport::loss),
        mean(updates, StepReport::gradientNorm),
        last.lr(),
        mean(updates, StepReport::entropy),
        updates.stream().mapToInt(StepReport::tokens).sum(),
        updates.stream().mapToInt(StepReport::targets).sum(),
        updates.stream().mapToDouble(StepReport::flops).sum(),
        updates.stream().mapToDouble(StepReport::seconds).sum(),
        last.metrics());
  }

  private static double mean(List<StepReport> updates, ToDoubleFunction<StepReport> of) {
    return updates.stream().mapToDouble(of).average().orElseThrow();
  }

  @Override
  public void recordTo(RunRecorder run) {
    policy.recordTo(run);
    if (policy.isNone()) {
      return;
    }
    run.record("reward", reward, LAST);
    run.record("responseLength", responseLength, LAST);
    run.record("kl", critique.referenceKl(), LAST);
    run.record("oldKl", loss.oldKl(), LAST);
    run.record("clipFraction", loss.clipFraction(), LAST);
    run.record("valueLoss", critic.loss(), LAST);
    run.record("valueClipFraction", valueClipFraction, LAST);
    run.record("explainedVariance", critique.explainedVariance(), LAST);
    run.record("value", critique.meanValue(), LAST);
    run.record("return", critique.meanReturn(), LAST);
    run.record("criticGradNorm", critic.gradientNorm(), LAST);
    run.record("criticLr", critic.lr(), LAST);
    run.time("criticSeconds", critic.seconds(), LAST);
    run.computed(critic.flops(), critic.seconds());
  }
}
