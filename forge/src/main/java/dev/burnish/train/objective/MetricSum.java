package dev.burnish.train.objective;

import dev.burnish.algorithm.LossResult;
import dev.burnish.algorithm.advantage.ValueLoss;
import dev.burnish.algorithm.preference.PreferenceLoss;
import java.util.Optional;

/// Adds up the metrics of a step's objectives, in the order in which they are evaluated, so that
/// the sum depends only on how a batch is divided. For one thread.
public final class MetricSum {
  private Optional<LossResult.Metrics> policy = Optional.empty();
  private Optional<PreferenceLoss.Metrics> preference = Optional.empty();
  private Optional<ValueLoss.Metrics> value = Optional.empty();

  void add(LossResult.Metrics part) {
    policy = Optional.of(policy.orElse(LossResult.Metrics.ZERO).plus(part));
  }

  void add(PreferenceLoss.Metrics part) {
    preference = Optional.of(preference.orElse(PreferenceLoss.Metrics.ZERO).plus(part));
  }

  void add(ValueLoss.Metrics part) {
    value = Optional.of(value.orElse(ValueLoss.Metrics.ZERO).plus(part));
  }

  /// The sum so far.
  public LossMetrics total() {
    return new LossMetrics(policy, preference, value);
  }
}
