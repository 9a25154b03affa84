package dev.burnish.rl.replay;

import java.util.List;
import java.util.function.Function;

/// The groups that one step trains on. It is empty where none of its positions has a group: there
/// is nothing to learn then, and the next version has the weights of this one.
///
/// @param version of the weights that are trained: the step makes the next one
/// @param held the groups, by position unless they were drawn
/// @param weights that correct for the chance of each group, `[groups]`; 1 unless priorities chose
public record Batch<T>(long version, List<Held<T>> held, List<Double> weights) {
  /// @throws IllegalArgumentException unless each group has a weight
  public Batch {
    held = List.copyOf(held);
    weights = List.copyOf(weights);
    if (held.size() != weights.size()) {
      throw new IllegalArgumentException(
          "each group must have a weight: groups=%d weights=%d"
              .formatted(held.size(), weights.size()));
    }
  }

  static <T> Batch<T> of(long version, List<Held<T>> held) {
    return new Batch<>(version, held, held.stream().map(each -> 1.0).toList());
  }

  /// The data of each group.
  public List<T> groups() {
    return held.stream().map(Held::group).toList();
  }

  /// The position of each group.
  public List<Long> positions() {
    return held.stream().map(Held::position).toList();
  }

  /// Whether no position of the step has a group.
  public boolean isEmpty() {
    return held.isEmpty();
  }

  /// The same batch with something else of each group.
  <R> Batch<R> map(Function<? super Held<T>, ? extends R> function) {
    return new Batch<>(
        version, held.stream().map(each -> each.<R>with(function.apply(each))).toList(), weights);
  }
}
