package dev.burnish.algorithm;

import java.util.Map;
import java.util.TreeMap;

/// Divisors of the losses of a step: counts over all micro-batches and ranks, so that the parts of
/// a batch give the same sum as the whole batch.
///
/// @param tokens targets
/// @param sequences sequences with at least one target
/// @param groupTokens the targets of each prompt that has any
/// @param updates the number of updates that the step's batch is divided among; each token then has
///   the weight that it would have if all updates had as many, whichever it is in
public record Denominators(
    long tokens, long sequences, Map<Integer, Long> groupTokens, int updates) {
  public Denominators {
    groupTokens = Map.copyOf(groupTokens);
    if (tokens < 0 || sequences < 0 || updates < 1) {
      throw new IllegalArgumentException(
          "counts are not negative: tokens=%d sequences=%d updates=%d; count them with Denominators.of"
              .formatted(tokens, sequences, updates));
    }
  }

  /// The counts of a batch for one update.
  public Denominators(long tokens, long sequences, Map<Integer, Long> groupTokens) {
    this(tokens, sequences, groupTokens, 1);
  }

  /// The same batch, divided among a number of updates.
  public Denominators dividedAmong(int count) {
    return new Denominators(tokens, sequences, groupTokens, count);
  }

  /// The counts of one part of a batch.
  public static Denominators of(TokenLayout layout) {
    long tokens = 0;
    long sequences = 0;
    Map<Integer, Long> groups = new TreeMap<>();
    for (int i = 0; i < layout.numSequences(); i++) {
      long targets = layout.numTargets(i);
      if (targets > 0) {
        tokens += targets;
        sequences++;
        groups.merge(layout.group()[i], targets, Long::sum);
      }
    }
    return new Denominators(tokens, sequences, groups);
  }

  /// The counts of two parts together.
  public Denominators plus(Denominators other) {
    Map<Integer, Long> groups = new TreeMap<>(groupTokens);
    other.groupTokens.forEach((group, count) -> groups.merge(group, count, Long::sum));
    return new Denominators(tokens + other.tokens, sequences + other.sequences, groups);
  }

  /// Prompts with at least one target.
  public long prompts() {
    return groupTokens.size();
  }
}
