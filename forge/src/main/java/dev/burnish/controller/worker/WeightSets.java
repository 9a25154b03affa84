package dev.burnish.controller.worker;

/// The names of the sets of weights of a run.
public final class WeightSets {
  /// The weights that are trained, a version per step.
  public static final String POLICY = "policy";

  /// The weights under an adaptation, in one version.
  public static final String BASE = "base";

  /// The weights that the run began with, in one version.
  public static final String REFERENCE = "reference";

  /// The version of sets that have one.
  public static final long ONLY = 0;

  private WeightSets() {}
}
