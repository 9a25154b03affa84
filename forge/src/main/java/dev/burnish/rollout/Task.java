package dev.burnish.rollout;

import java.util.List;
import java.util.stream.LongStream;

/// Prompts without end to learn on, some that are never among them to measure with, and what an
/// answer is worth.
public interface Task {
  /// The prompt of a draw: a function of the index alone.
  Problem training(long index);

  /// The `count` prompts of a step: those of the draws from `step * count` on.
  default List<Problem> training(long step, int count) {
    return LongStream.range(step * count, (step + 1) * count).mapToObj(this::training).toList();
  }

  /// Prompts that [#training] never gives.
  List<Problem> heldOut();

  Reward reward();
}
