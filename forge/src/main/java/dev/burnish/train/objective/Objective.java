package dev.burnish.train.objective;

import dev.burnish.nn.TargetLoss;

/// What the targets of a micro-batch are trained for: its share in the loss of the whole step, with
/// all that the loss has to know. Closed and made of records, so that a batch carries it to a
/// trainer in another process.
public sealed interface Objective permits CrossEntropy, PolicyObjective, PreferenceObjective {
  /// The loss to evaluate over the micro-batch's targets.
  ///
  /// @param metrics takes what the loss tells about the step, as it is evaluated
  TargetLoss loss(MetricSum metrics);
}
