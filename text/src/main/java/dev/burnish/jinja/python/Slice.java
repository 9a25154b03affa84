package dev.burnish.jinja.python;

/// A subscript of the form `start:stop:step`; None for a part that is left out.
public record Slice(Object start, Object stop, Object step) {
  /// Which of `size` items are meant.
  record Bounds(long start, long count, long step) {}

  Bounds within(long size) {
    long by = step == None.NONE ? 1 : index(step);
    if (by == 0) {
      throw JinjaException.value("slice step cannot be zero");
    }
    boolean back = by < 0;
    long lowest = back ? -1 : 0;
    long highest = back ? size - 1 : size;
    long from = clamped(start, size, lowest, highest, back ? highest : 0);
    long to = clamped(stop, size, lowest, highest, back ? -1 : highest);
    long distance = back ? from - to : to - from;
    long stride = by == Long.MIN_VALUE ? Long.MAX_VALUE : Math.abs(by);
    long count = distance <= 0 ? 0 : (distance - 1) / stride + 1;
    return new Bounds(count == 0 ? 0 : from, count, count <= 1 ? 1 : by);
  }

  private static long clamped(Object bound, long size, long lowest, long highest, long otherwise) {
    if (bound == None.NONE) {
      return otherwise;
    }
    long index = index(bound);
    return Math.clamp(index < 0 ? Math.max(index, -size - 1) + size : index, lowest, highest);
  }

  private static long index(Object bound) {
    if (!PyNumber.isInteger(bound)) {
      throw Undefined.orType(
          bound, "slice indices must be integers or None or have an __index__ method");
    }
    return PyNumber.clamped(bound);
  }
}
