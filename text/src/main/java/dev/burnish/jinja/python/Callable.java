package dev.burnish.jinja.python;

/// A value that can be called.
public interface Callable {
  Object call(Arguments arguments);
}
