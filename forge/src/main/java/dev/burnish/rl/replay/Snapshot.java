package dev.burnish.rl.replay;

import java.util.List;
import java.util.function.Function;

/// The state of a buffer.
///
/// @param kept groups that wait
/// @param next the position below which all are done: taken or skipped
/// @param done positions from `next` on that are done
/// @param open batches that were taken and are not trained
/// @param highest priority so far
/// @param counts of the groups that were dropped
public record Snapshot<T>(
    List<Kept<T>> kept,
    long next,
    List<Long> done,
    List<Batch<T>> open,
    double highest,
    Counts counts) {
  public Snapshot {
    kept = List.copyOf(kept);
    done = List.copyOf(done);
    open = List.copyOf(open);
  }

  /// A group that waits, and the data known about it.
  ///
  /// @param slot where it stands among others
  /// @param uses how often it was trained on
  /// @param priority of the draw, where there is one
  public record Kept<T>(Held<T> held, int slot, int uses, double priority) {}

  /// Counts of groups that left without being trained on as often as they might have been.
  ///
  /// @param stale groups that became too old
  /// @param displaced groups whose place a newer one took
  public record Counts(long stale, long displaced) {}

  /// The same state with other groups that wait.
  public Snapshot<T> withKept(List<Kept<T>> others) {
    return new Snapshot<>(others, next, done, open, highest, counts);
  }

  /// The state of a buffer that begins at a position.
  public static <T> Snapshot<T> from(long next) {
    return new Snapshot<>(List.of(), next, List.of(), List.of(), 1, new Counts(0, 0));
  }

  /// The same state of a buffer that holds something else of each group.
  <R> Snapshot<R> map(Function<? super Held<T>, ? extends R> function) {
    return new Snapshot<>(
        kept.stream()
            .map(each ->
                new Kept<R>(
                    each.held().with(function.apply(each.held())),
                    each.slot(),
                    each.uses(),
                    each.priority()))
            .toList(),
        next,
        done,
        open.stream().map(batch -> batch.<R>map(function)).toList(),
        highest,
        counts);
  }
}
