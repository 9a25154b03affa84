package dev.burnish.kernel;

/// The order in which the terms of a matrix product's elements are added.
public enum Numerics {
  /// A row's result does not depend on the other rows: a token has the same bits alone, as a
  /// generator computes it, and among thousands.
  BATCH_INVARIANT,

  /// The fastest order for the shape: the last bits of a row may depend on the other rows.
  FASTEST
}
