package dev.burnish.rl;

import java.util.List;

/// Prompts without end to learn on, some that are never among them to measure with, and what an
/// answer is worth.
public interface Task {
  /// The prompt of a draw: a function of the index alone.
  Sample training(long index);

  /// Prompts that [#training] never gives.
  List<Sample> heldOut();

  Reward reward();
}
