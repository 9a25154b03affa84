package dev.burnish.jinja.python;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// `value[index]`, `value[a:b:c]` and `value.name`, as the sandbox allows them.
public final class Subscripts {
  private Subscripts() {}

  public static Object item(Object object, Object index) {
    return itemOnly(object, index)
        .or(() -> index instanceof String name ? attributeOnly(object, name) : Optional.empty())
        .orElseGet(() -> Undefined.attribute(object, index));
  }

  public static Object attribute(Object object, String name) {
    return attributeOnly(object, name)
        .or(() -> itemOnly(object, name))
        .orElseGet(() -> Undefined.attribute(object, name));
  }

  /// The attribute without looking for an item; for the `attr` filter.
  public static Object strictAttribute(Object object, String name) {
    return attributeOnly(object, name).orElseGet(() -> Undefined.attribute(object, name));
  }

  private static Optional<Object> attributeOnly(Object object, String name) {
    if (object instanceof Undefined undefined) {
      throw undefined.failure();
    }
    // Python's own attributes, such as `__class__`, begin so; the sandbox gives out none.
    if (name.startsWith("__")) {
      return Optional.of(Undefined.unsafe(object, name));
    }
    Optional<Object> attribute =
        switch (object) {
          case HasAttributes own -> own.attribute(name);
          case Namespace namespace -> namespace.attributes().get(name);
          default -> Methods.of(object, name);
        };
    boolean unsafe = attribute.isPresent() && name.startsWith("_");
    return unsafe ? Optional.of(Undefined.unsafe(object, name)) : attribute;
  }

  private static Optional<Object> itemOnly(Object object, Object index) {
    if (index instanceof Slice slice) {
      return Optional.of(slice(object, slice));
    }
    return switch (object) {
      case PyDict dict -> isHashable(index) ? dict.get(index) : Optional.empty();
      case String text -> character(text, index);
      case Markup markup -> character(markup.text(), index).map(c -> new Markup((String) c));
      case Undefined undefined -> throw undefined.failure();
      default -> Py.items(object).flatMap(items -> at(items, index));
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
    return position(items.size(), index).map(items::get);
  }

  private static Optional<Object> character(String text, Object index) {
    return position(PyText.length(text), index).map(i -> PyText.substring(text, i, i + 1));
  }

  private static Optional<Integer> position(int size, Object index) {
    if (!PyNumber.isInteger(index)) {
      return Optional.empty();
    }
    long at = PyNumber.clamped(index);
    long position = at < 0 ? at + size : at;
    return position >= 0 && position < size ? Optional.of((int) position) : Optional.empty();
  }

  private static Object slice(Object object, Slice slice) {
    return switch (object) {
      case PyList list -> new PyList(cut(list.items(), slice));
      case PyTuple tuple -> new PyTuple(cut(tuple.items(), slice));
      case String text -> cut(text, slice);
      case Markup markup -> new Markup(cut(markup.text(), slice));
      case PyDict _ -> throw JinjaException.type("unhashable type: 'slice'");
      default ->
          throw Undefined.orType(object, "'%s' object is not subscriptable", Py.typeName(object));
    };
  }

  private static List<Object> cut(List<Object> items, Slice slice) {
    Slice.Bounds bounds = slice.within(items.size());
    if (bounds.step() == 1) {
      return items.subList((int) bounds.start(), (int) (bounds.start() + bounds.count()));
    }
    List<Object> result = new ArrayList<>();
    for (long i = 0; i < bounds.count(); i++) {
      result.add(items.get((int) (bounds.start() + i * bounds.step())));
    }
    return result;
  }

  private static String cut(String text, Slice slice) {
    Slice.Bounds bounds = slice.within(PyText.length(text));
    if (bounds.step() == 1) {
      return PyText.substring(text, (int) bounds.start(), (int) (bounds.start() + bounds.count()));
    }
    int[] codePoints = text.codePoints().toArray();
    StringBuilder result = new StringBuilder();
    for (long i = 0; i < bounds.count(); i++) {
      result.appendCodePoint(codePoints[(int) (bounds.start() + i * bounds.step())]);
    }
    return result.toString();
  }
}
