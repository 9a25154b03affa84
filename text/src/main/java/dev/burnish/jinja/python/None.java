package dev.burnish.jinja.python;

/// Python's None.
public enum None {
  NONE
}
