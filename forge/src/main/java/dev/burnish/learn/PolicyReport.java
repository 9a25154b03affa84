package dev.burnish.learn;

import dev.burnish.algorithm.LossResult;
import dev.burnish.train.StepReport;

/// What one update of a policy did.
///
/// @param reward mean over the episodes
/// @param responseLength mean tokens of a completion
public record PolicyReport(
    StepReport step, LossResult.Metrics loss, double reward, double responseLength) {}
