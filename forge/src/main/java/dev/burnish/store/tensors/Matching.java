package dev.burnish.store.tensors;

/// Which keys must agree when a state dict is read into one that is there.
public enum Matching {
  /// Both have the same keys; any other key is an error that names it.
  STRICT,
  /// Those that both have are read. The result names the others.
  PARTIAL
}
