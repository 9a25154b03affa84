package dev.burnish.rollout;

import java.util.List;
import java.util.stream.LongStream;

/// An endless series of prompts to learn on, some prompts outside of it to measure with, and the
/// worth of an answer.
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
