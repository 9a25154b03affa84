package dev.burnish.store.relay;

/// The bytes that move of parts that have changed, where another host has a version before.
public enum Transfer {
  /// All their bytes.
  WHOLE,
  /// The bits that are others, compressed, and whole parts where that is not less. It costs both
  /// sides more time than a fast network, and each host the memory of one more version.
  CHANGES
}
