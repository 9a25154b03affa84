package dev.burnish.algorithm;

/// The reduction of token losses to one number: each way is a weight for each token, and the loss
/// is the weighted sum.
///
/// LUSPO's mean of length times sequence loss is [SequenceMeanTokenSum] over a sequence-level
/// ratio.
public sealed interface Aggregation {
  /// The mean over all targets (DAPO).
  record TokenMean() implements Aggregation {}

  /// The mean over the targets of this micro-batch alone (TRL's `bnpo`): the only way whose result
  /// depends on how a batch is split.
  record MicroBatchTokenMean() implements Aggregation {}

  /// The mean over sequences of the mean over their targets (the original GRPO).
  record SequenceMeanTokenMean() implements Aggregation {
    /// Keeps verl's division by a length defined; Source: verl `core_algos.py` agg_loss.
    static final double EPSILON = 1e-8;
  }

  /// The mean over sequences of the sum over their targets, divided by a constant: 1, or the
  /// longest possible response (Dr. GRPO).
  record SequenceMeanTokenSum(double divisor) implements Aggregation {
    public SequenceMeanTokenSum {
      if (!(divisor > 0)) {
        throw new IllegalArgumentException(
            "divisor is positive: divisor=" + divisor + "; use 1 or the longest response");
      }
    }
  }

  /// The mean over prompts of the mean over all targets of a prompt's group.
  record PromptMean() implements Aggregation {}

  /// The weight of each target of one sequence.
  default double weight(TokenLayout layout, int sequence, Denominators global) {
    int length = layout.numTargets(sequence);
    if (length == 0) {
      return 0;
    }
    double updates = global.updates();
    return switch (this) {
      case TokenMean() -> updates / global.tokens();
      case MicroBatchTokenMean() -> 1.0 / Denominators.of(layout).tokens();
      case SequenceMeanTokenMean() ->
          updates / (global.sequences() * (length + SequenceMeanTokenMean.EPSILON));
      case SequenceMeanTokenSum(double divisor) -> updates / (global.sequences() * divisor);
      case PromptMean() -> updates / (global.prompts() * groupTokens(layout, sequence, global));
    };
  }

  private static double groupTokens(TokenLayout layout, int sequence, Denominators global) {
    int group = layout.group()[sequence];
    Long tokens = global.groupTokens().get(group);
    if (tokens == null) {
      throw new IllegalArgumentException(
          "the global counts hold every group of the batch: group=%d is missing; add up Denominators.of all parts"
              .formatted(group));
    }
    return tokens;
  }
}
