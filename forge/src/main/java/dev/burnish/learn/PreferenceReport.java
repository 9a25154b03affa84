package dev.burnish.learn;

import dev.burnish.train.StepReport;

/// What one update from preference pairs did.
///
/// @param metrics of the policy before the update
public record PreferenceReport(StepReport step, PreferenceMetrics metrics) {}
