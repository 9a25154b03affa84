package dev.burnish.kernel;

/// How an operation treats the present contents of its output.
public enum Output {
  /// Replaces it.
  OVERWRITE,

  /// Adds to it: a residual, or a partial gradient.
  ADD
}
