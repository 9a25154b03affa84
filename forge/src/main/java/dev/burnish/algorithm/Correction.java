package dev.burnish.algorithm;

import java.util.List;

/// Weights of tokens for the mismatch of the generator's and the trainer's policy: functions of `w
/// = exp(oldLogprobs - rolloutLogprobs)`, without gradient. A batch without rollout
/// log-probabilities has nothing to correct: every weight is 1.
public sealed interface Correction {
  record None() implements Correction {}

  /// TIS: the token's ratio held in `[low, high]`.
  record TokenTruncate(double low, double high) implements Correction {
    public TokenTruncate {
      bounds(low, high);
    }
  }

  /// IcePop: the token's ratio, 0 outside `[low, high]`.
  record TokenMask(double low, double high) implements Correction {
    public TokenMask {
      bounds(low, high);
    }
  }

  /// The sequence's ratio held in `[low, high]`, on each of its tokens.
  record SequenceTruncate(Surrogate.Level level, double low, double high) implements Correction {
    public SequenceTruncate {
      bounds(low, high);
      sequence(level);
    }
  }

  /// The ratio at level `weight`, 0 on sequences whose ratio at `level` lies outside `[low, high]`.
  /// TRL's `sequence_mask` has products at both; OpenRLHF's and NeMo's `seq-mask-tis` keeps by the
  /// geometric mean and weighs by the token.
  record SequenceMask(Surrogate.Level level, double low, double high, Surrogate.Level weight)
      implements Correction {
    public SequenceMask {
      bounds(low, high);
      sequence(level);
    }
  }

  /// Weight 1, or 0 where the estimated divergence of rollout and old policy exceeds `max`.
  record TokenReject(Kl estimator, double max) implements Correction {}

  /// Weight 1, or 0 on sequences whose mean estimated divergence exceeds `max`.
  record SequenceReject(Kl estimator, double max) implements Correction {}

  /// Several, multiplied.
  record Product(List<Correction> parts) implements Correction {
    public Product {
      parts = List.copyOf(parts);
    }
  }

  /// Whether a weight needs all tokens of its sequence.
  default boolean ofSequence() {
    return switch (this) {
      case None _, TokenTruncate _, TokenMask _, TokenReject _ -> false;
      case SequenceTruncate _, SequenceMask _, SequenceReject _ -> true;
      case Product(var parts) -> parts.stream().anyMatch(Correction::ofSequence);
    };
  }

  /// The weight of each token, 0 where it is not a target.
  default double[] weights(TokenBatch batch) {
    double[] weights = new double[batch.layout().numTokens()];
    for (int i = 0; i < batch.layout().numSequences(); i++) {
      int end = batch.layout().end(i);
      var row = new SequenceRatios(batch, i);
      for (int t = batch.layout().start(i); t < end; t++) {
        weights[t] = batch.layout().mask()[t] ? weight(row, t) : 0;
      }
    }
    return weights;
  }

  /// The weight of one target of a sequence.
  default double weight(SequenceRatios row, int token) {
    if (!row.known()) {
      return 1;
    }
    return switch (this) {
      case None() -> 1;
      case TokenTruncate(double low, double high) ->
          Surrogate.clamp(row.at(Surrogate.Level.TOKEN, token), low, high);
      case TokenMask(double low, double high) ->
          inside(row.at(Surrogate.Level.TOKEN, token), low, high);
      case SequenceTruncate(var level, double low, double high) ->
          Surrogate.clamp(row.at(level, token), low, high);
      case SequenceMask(var level, double low, double high, var weight) ->
          inside(row.at(level, token), low, high) == 0 ? 0 : row.at(weight, token);
      case TokenReject(var estimator, double max) -> row.divergence(estimator, token) > max ? 0 : 1;
      case SequenceReject(var estimator, double max) -> row.meanDivergence(estimator) > max ? 0 : 1;
      case Product(var parts) -> {
        double product = 1;
        for (Correction part : parts) {
          product *= part.weight(row, token);
        }
        yield product;
      }
    };
  }

  private static double inside(double ratio, double low, double high) {
    return ratio >= low && ratio <= high ? ratio : 0;
  }

  private static void bounds(double low, double high) {
    if (!(low >= 0 && high >= low)) {
      throw new IllegalArgumentException(
          "bounds of a ratio are 0 <= low <= high: low=%s high=%s; 0 and 2 truncate above 2"
              .formatted(low, high));
    }
  }

  private static void sequence(Surrogate.Level level) {
    if (!level.ofSequence()) {
      throw new IllegalArgumentException(
          "level is of a sequence: level=TOKEN; use TokenTruncate or TokenMask");
    }
  }
}
