package dev.burnish.nn;

import dev.burnish.kernel.AttentionPlan;
import dev.burnish.kernel.Numerics;
import dev.burnish.kernel.RopeTable;

/// State shared by all blocks of a pass: the position of each row of the batch, the rotation table
/// that covers them, which rows attend to which, dropout and numerics.
///
/// @param attention without a window; [#plan] adds a block's own
/// @param dropout of adapted matrices
/// @param numerics of the forward matrix products
record PassContext(
    int[] positions, RopeTable rope, AttentionPlan attention, Dropout dropout, Numerics numerics) {
  AttentionPlan plan(int window) {
    return window == AttentionPlan.NO_WINDOW ? attention : attention.withWindow(window);
  }
}
