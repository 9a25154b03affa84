package dev.burnish.train.objective;

import dev.burnish.algorithm.LossResult;
import dev.burnish.algorithm.advantage.ValueLoss;
import dev.burnish.algorithm.preference.PreferenceLoss;
import java.util.Optional;

/// Metrics that the objectives of a step report besides their loss; each kind is empty where no
/// micro-batch had such an objective.
public record LossMetrics(
    Optional<LossResult.Metrics> policy,
    Optional<PreferenceLoss.Metrics> preference,
    Optional<ValueLoss.Metrics> value) {
  public static final LossMetrics NONE =
      new LossMetrics(Optional.empty(), Optional.empty(), Optional.empty());
}
