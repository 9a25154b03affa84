package dev.burnish.rl;

import java.util.List;
import java.util.stream.LongStream;

/// Prompts without end to learn on, some that are never among them to measure with, and what an
/// answer is worth.
public interface Task {
  /// The prompt of a draw: a function of the index alone.
  Sample training(long index);

  /// The `count` prompts of a step: those of the draws from `step * count` on.
  default List<Sample> training(long step, int count) {
    return LongStream.range(step * count, (step + 1) * count).mapToObj(this::training).toList();
  }

  /// Prompts that [#training] never gives.
  List<Sample> heldOut();

  Reward reward();
}
