package dev.burnish.kernel;

/// In which order the terms of a product's elements are added.
public enum Rounding {
  /// By row and column alone: a token has the same bits alone, as a generator computes it, and
  /// among thousands.
  BY_ROW,

  /// As is fastest for the shape: rows may differ in their last bits by which others there are.
  BY_SHAPE
}
