package dev.burnish.rl.replay;

import java.util.List;

/// The groups that one step trains on.
///
/// @param version of the weights that are trained: the step makes the next one
/// @param groups by position
/// @param weights that correct for the chance of each group, `[groups]`; 1 unless priorities chose
public record Batch<T>(long version, List<Held<T>> groups, List<Double> weights) {
  public Batch {
    groups = List.copyOf(groups);
    weights = List.copyOf(weights);
  }

  static <T> Batch<T> of(long version, List<Held<T>> groups) {
    return new Batch<>(version, groups, groups.stream().map(each -> 1.0).toList());
  }
}
