package dev.burnish.controller;

/// The names of the sets of weights of a run.
final class WeightSets {
  /// What is trained, a version per step.
  static final String POLICY = "policy";

  /// The weights under an adaptation, in one version.
  static final String BASE = "base";

  /// The weights that the run began with, in one version.
  static final String REFERENCE = "reference";

  /// The version of sets that have one.
  static final long ONLY = 0;

  private WeightSets() {}
}
