package dev.burnish.kernel;

/// What an operation does with what its output holds.
public enum Output {
  /// Replaces it.
  OVERWRITE,

  /// Adds to it: a residual, or a gradient that has begun.
  ADD
}
