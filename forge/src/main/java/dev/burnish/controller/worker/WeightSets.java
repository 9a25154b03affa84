package dev.burnish.controller.worker;

/// The names of the sets of weights of a trainer.
///
/// @param trained the weights that it trains, a version per publication
/// @param base the weights under an adaptation, in one version
public record WeightSets(String trained, String base) {
  /// Those of the policy.
  public static final WeightSets POLICY = new WeightSets("policy", "base");

  /// Those of its critic.
  public static final WeightSets CRITIC = new WeightSets("critic", "critic-base");

  /// The weights that the run began with, in one version.
  public static final String REFERENCE = "reference";

  /// The weights under an adaptation once more, packed for generators.
  public String packedBase() {
    return base + "-packed";
  }

  /// The version of sets that have one.
  public static final long ONLY = 0;
}
