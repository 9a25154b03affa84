package dev.burnish.kernel;

/// In which order the terms of a matrix product's elements are added.
public enum Numerics {
  /// A row's result does not depend on the other rows: a token has the same bits alone, as a
  /// generator computes it, and among thousands.
  BATCH_INVARIANT,

  /// Whatever is fastest for the shape: rows may differ in their last bits by which others there
  /// are.
  FASTEST
}
