package dev.burnish.jinja.python;

import java.util.List;

/// A tuple.
public record PyTuple(List<Object> items) {
  static PyTuple of(Object... items) {
    return new PyTuple(List.of(items));
  }
}
