package dev.burnish.jinja.python;

import java.util.AbstractList;
import java.util.List;

/// A list. The result of `range()` is one too.
public record PyList(List<Object> items) {
  /// The numbers from `start` by `step`, which are not stored.
  public static PyList range(long start, int size, long step) {
    return new PyList(
        new AbstractList<>() {
          @Override
          public Object get(int index) {
            return start + index * step;
          }

          @Override
          public int size() {
            return size;
          }
        });
  }
}
