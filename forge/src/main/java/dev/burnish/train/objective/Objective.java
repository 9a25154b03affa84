package dev.burnish.train.objective;

import dev.burnish.nn.TargetLoss;

/// The objective of a micro-batch's targets: its share in the loss of the whole step, with all that
/// the loss has to know. Closed and made of records, so that a batch carries it to a trainer in
/// another process.
public sealed interface Objective
    permits CrossEntropy, PolicyObjective, PreferenceObjective, ValueObjective {
  /// The loss to evaluate over the micro-batch's targets.
  ///
  /// @param metrics takes the metrics that the loss reports, as it is evaluated
  TargetLoss loss(MetricSum metrics);
}
