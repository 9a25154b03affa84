package dev.burnish.nn;

import dev.burnish.kernel.AttentionPlan;
import dev.burnish.kernel.Kernels.Rounding;
import dev.burnish.kernel.RopeTable;

/// Where the rows of a batch stand: the position of each, the rotation table that covers them, and
/// who attends to whom.
///
/// @param dropout of adapted matrices
/// @param rounding of the products of its matrices
/// @param attention without a window; [#plan] adds a block's own
public record Layout(
    int[] positions, RopeTable rope, AttentionPlan attention, Dropout dropout, Rounding rounding) {
  AttentionPlan plan(int window) {
    return window == AttentionPlan.NO_WINDOW ? attention : attention.withWindow(window);
  }
}
