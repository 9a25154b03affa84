package dev.burnish.train;

import dev.burnish.train.objective.CrossEntropy;
import dev.burnish.train.objective.Objective;
import java.util.List;

/// The input of one forward and backward: packed tokens, and the objective of their targets.
///
/// @param objective its share in the loss of the whole step
public record MicroBatch(PackedTokens tokens, Objective objective) {
  /// Micro-batches of one objective that is the same function of each of them.
  public static List<MicroBatch> of(List<PackedTokens> packed, Objective objective) {
    return packed.stream().map(tokens -> new MicroBatch(tokens, objective)).toList();
  }

  /// Micro-batches whose losses add up to the mean negative log-likelihood of the targets of all of
  /// them.
  public static List<MicroBatch> ofCrossEntropy(List<PackedTokens> packed) {
    long numTargets = packed.stream().mapToLong(PackedTokens::numTargets).sum();
    return of(packed, new CrossEntropy(numTargets));
  }

  /// The tokens of these micro-batches without their objectives.
  static List<PackedTokens> tokens(List<MicroBatch> batch) {
    return batch.stream().map(MicroBatch::tokens).toList();
  }
}
