package dev.burnish.kernel;

/// The order in which the terms of a matrix product's elements are added.
public enum Numerics {
  /// A row's result does not depend on the other rows: a token has the same bits alone, as a
  /// generator computes it, and among thousands.
  BATCH_INVARIANT,

  /// The same for a product whose inner dimension 2, 4 or 8 processes may divide among them: when
  /// their results are added in pairs of neighbours, the sum has the bits of one process.
  DIVISIBLE,

  /// The fastest order for the shape: the last bits of a row may depend on the other rows.
  FASTEST
}
