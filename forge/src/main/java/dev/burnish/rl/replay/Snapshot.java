package dev.burnish.rl.replay;

import java.util.List;

/// The state of a buffer, for a checkpoint.
///
/// @param kept groups that wait
/// @param next the position below which all are done
/// @param skipped positions from `next` on without a group
/// @param taken positions from `next` on that were taken
/// @param open batches that were taken and are not trained
/// @param highest priority so far
/// @param counts of the groups that were dropped
record Snapshot<T>(
    List<Pool.Kept<T>> kept,
    long next,
    List<Long> skipped,
    List<Long> taken,
    List<Batch<T>> open,
    double highest,
    Pool.Counts counts) {
  static <T> Snapshot<T> empty() {
    return new Snapshot<>(List.of(), 0, List.of(), List.of(), List.of(), 1, new Pool.Counts(0, 0));
  }
}
