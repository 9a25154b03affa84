package dev.burnish.text.jinja;

import dev.burnish.text.jinja.Value.HasAttributes;
import dev.burnish.text.jinja.Value.Markup;
import dev.burnish.text.jinja.Value.Namespace;
import dev.burnish.text.jinja.Value.None;
import dev.burnish.text.jinja.Value.PyDict;
import dev.burnish.text.jinja.Value.PyList;
import dev.burnish.text.jinja.Value.PyRange;
import dev.burnish.text.jinja.Value.PyTuple;
import dev.burnish.text.jinja.Value.Undefined;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// `value[index]`, `value[a:b:c]` and `value.name`, as the sandbox allows them.
final class Subscripts {
  private Subscripts() {}

  /// Bounds of a slice that Python has brought into range.
  record Slice(Object start, Object stop, Object step) {}

  static Object item(Object object, Object index) {
    Optional<Object> item = itemOnly(object, index);
    if (item.isPresent()) {
      return item.get();
    }
    if (index instanceof String name) {
      Optional<Object> attribute = attributeOnly(object, name);
      if (attribute.isPresent()) {
        return attribute.get();
      }
    }
    return Undefined.attribute(object, index);
  }

  static Object attribute(Object object, String name) {
    return attributeOnly(object, name)
        .or(() -> itemOnly(object, name))
        .orElseGet(() -> Undefined.attribute(object, name));
  }

  private static Optional<Object> attributeOnly(Object object, String name) {
    if (object instanceof Undefined undefined) {
      if (!name.startsWith("__")) {
        throw undefined.failure();
      }
      return Methods.isObjectAttribute(name)
          ? Optional.of(Undefined.unsafe(object, name))
          : Optional.empty();
    }
    Optional<Object> attribute =
        object instanceof HasAttributes has ? has.attribute(name) : Optional.empty();
    if (object instanceof Namespace namespace) {
      attribute = namespace.attributes().get(name);
    }
    if (attribute.isEmpty()) {
      attribute = Methods.attribute(object, name);
    }
    boolean dunder =
        name.startsWith("__") && attribute.isEmpty() && Methods.isObjectAttribute(name);
    boolean unsafe = dunder || (attribute.isPresent() && name.startsWith("_"));
    return unsafe ? Optional.of(Undefined.unsafe(object, name)) : attribute;
  }

  /// The attribute without looking for an item; for the `attr` filter.
  static Object strictAttribute(Object object, String name) {
    return attributeOnly(object, name).orElseGet(() -> Undefined.attribute(object, name));
  }

  private static Optional<Object> itemOnly(Object object, Object index) {
    if (index instanceof Slice slice) {
      return slice(object, slice);
    }
    return switch (object) {
      case PyDict dict -> isHashable(index) ? dict.get(index) : Optional.empty();
      case PyList list -> at(list.items(), index);
      case PyTuple tuple -> at(tuple.items(), index);
      case String text -> character(text, index);
      case Markup markup -> character(markup.text(), index).map(c -> new Markup((String) c));
      case PyRange range ->
          position(range.size(), index).map(i -> range.start() + i * range.step());
      case Undefined undefined -> throw undefined.failure();
      default -> Optional.empty();
    };
  }

  private static boolean isHashable(Object index) {
    try {
      Py.hashKey(index);
      return true;
    } catch (JinjaException _) {
      return false; // Jinja2 turns the TypeError of such a key into an undefined value
    }
  }

  private static Optional<Object> at(List<Object> items, Object index) {
    return position(items.size(), index).map(i -> items.get(i.intValue()));
  }

  private static Optional<Object> character(String text, Object index) {
    return position(PyText.length(text), index)
        .map(i -> PyText.substring(text, i.intValue(), i.intValue() + 1));
  }

  private static Optional<Long> position(long size, Object index) {
    if (!PyNumber.isInteger(index)) {
      return Optional.empty();
    }
    long at = PyNumber.clamped(index);
    long position = at < 0 ? at + size : at;
    return position >= 0 && position < size ? Optional.of(position) : Optional.empty();
  }

  private static Optional<Object> slice(Object object, Slice slice) {
    return switch (object) {
      case PyList list -> Optional.of(new PyList(cut(list.items(), slice)));
      case PyTuple tuple -> Optional.of(new PyTuple(cut(tuple.items(), slice)));
      case String text -> Optional.of(cut(text, slice));
      case Markup markup -> Optional.of(new Markup(cut(markup.text(), slice)));
      case PyRange range -> Optional.of(cut(range, slice));
      case Undefined undefined -> throw undefined.failure();
      case PyDict _ -> throw JinjaException.type("unhashable type: 'slice'");
      default -> throw JinjaException.type("'%s' object is not subscriptable", Py.typeName(object));
    };
  }

  private static PyRange cut(PyRange range, Slice slice) {
    Bounds bounds = bounds(range.size(), slice);
    long start = range.start() + bounds.start * range.step();
    return new PyRange(
        start, start + bounds.count * bounds.step * range.step(), bounds.step * range.step());
  }

  private static List<Object> cut(List<Object> items, Slice slice) {
    Bounds bounds = bounds(items.size(), slice);
    if (bounds.step == 1) {
      return items.subList((int) bounds.start, (int) (bounds.start + bounds.count));
    }
    List<Object> result = new ArrayList<>();
    for (long i = 0; i < bounds.count; i++) {
      result.add(items.get((int) (bounds.start + i * bounds.step)));
    }
    return result;
  }

  private static String cut(String text, Slice slice) {
    Bounds bounds = bounds(PyText.length(text), slice);
    if (bounds.step == 1) {
      return PyText.substring(text, (int) bounds.start, (int) (bounds.start + bounds.count));
    }
    int[] codePoints = text.codePoints().toArray();
    StringBuilder result = new StringBuilder();
    for (long i = 0; i < bounds.count; i++) {
      result.appendCodePoint(codePoints[(int) (bounds.start + i * bounds.step)]);
    }
    return result.toString();
  }

  private record Bounds(long start, long count, long step) {}

  private static Bounds bounds(long size, Slice slice) {
    long step = bound(slice.step()).orElse(1L);
    if (step == 0) {
      throw JinjaException.value("slice step cannot be zero");
    }
    boolean back = step < 0;
    long lowest = back ? -1 : 0;
    long highest = back ? size - 1 : size;
    long start =
        bound(slice.start()).map(i -> clamp(i, size, lowest, highest)).orElse(back ? highest : 0);
    long stop =
        bound(slice.stop()).map(i -> clamp(i, size, lowest, highest)).orElse(back ? -1 : highest);
    long distance = back ? start - stop : stop - start;
    long stride = step == Long.MIN_VALUE ? Long.MAX_VALUE : Math.abs(step);
    long count = distance <= 0 ? 0 : (distance - 1) / stride + 1;
    return new Bounds(count == 0 ? 0 : start, count, count <= 1 ? 1 : step);
  }

  private static Optional<Long> bound(Object value) {
    if (value == None.NONE) {
      return Optional.empty();
    }
    if (!PyNumber.isInteger(value)) {
      throw value instanceof Undefined undefined
          ? undefined.failure()
          : JinjaException.type(
              "slice indices must be integers or None or have an __index__ method");
    }
    return Optional.of(PyNumber.clamped(value));
  }

  private static long clamp(long index, long size, long lowest, long highest) {
    return Math.clamp(index < 0 ? Math.max(index, -size - 1) + size : index, lowest, highest);
  }
}
