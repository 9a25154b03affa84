package dev.burnish.jinja;

import dev.burnish.jinja.Filters.Filter;
import dev.burnish.jinja.python.Arguments;
import dev.burnish.jinja.python.Arguments.Bound;
import dev.burnish.jinja.python.JinjaException;
import dev.burnish.jinja.python.Py;
import dev.burnish.jinja.python.PyDict;
import dev.burnish.jinja.python.PyList;
import dev.burnish.jinja.python.PyTuple;
import dev.burnish.jinja.python.Undefined;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;

/// Filters that compare items: sorted, grouped, smallest, largest.
final class OrderFilters {
  private OrderFilters() {}

  static void register(Map<String, Filter> filters) {
    filters.put("sort", OrderFilters::sort);
    filters.put("dictsort", OrderFilters::sortDict);
    filters.put("min", (interpreter, value, args) -> extreme(interpreter, "min", value, args));
    filters.put("max", (interpreter, value, args) -> extreme(interpreter, "max", value, args));
  }

  private static Object folded(Object value) {
    return value instanceof String text ? text.toLowerCase(Locale.ROOT) : value;
  }

  /// The key by which items are compared.
  static UnaryOperator<Object> key(Optional<Object> attribute, boolean caseSensitive) {
    UnaryOperator<Object> getter = ItemFilters.getter(attribute, Optional.empty());
    return caseSensitive ? getter : item -> folded(getter.apply(item));
  }

  private record Keyed(Object key, Object item) {}

  private static List<Object> sorted(
      Interpreter interpreter, List<Object> items, UnaryOperator<Object> key, boolean reverse) {
    List<Keyed> keyed = new ArrayList<>(items.size());
    for (Object item : items) {
      keyed.add(new Keyed(key.apply(item), item));
    }
    Comparator<Keyed> order =
        (a, b) -> {
          interpreter.spend(1);
          return Py.order("<", a.key(), b.key());
        };
    keyed.sort(reverse ? order.reversed() : order);
    List<Object> result = new ArrayList<>(items.size());
    keyed.forEach(entry -> result.add(entry.item()));
    return result;
  }

  private static Object sort(Interpreter interpreter, Object value, Arguments args) {
    Bound bound = args.bind("sort", "reverse=", "case_sensitive=", "attribute=");
    List<UnaryOperator<Object>> keys = new ArrayList<>();
    Optional<Object> attribute = bound.given(2);
    if (attribute.isPresent() && attribute.get() instanceof String list) {
      for (String name : list.split(",", -1)) {
        keys.add(key(Optional.of(name), bound.flag(1)));
      }
    } else {
      keys.add(key(attribute, bound.flag(1)));
    }
    UnaryOperator<Object> key =
        item -> {
          List<Object> parts = new ArrayList<>();
          keys.forEach(part -> parts.add(part.apply(item)));
          return new PyList(parts);
        };
    return new PyList(sorted(interpreter, Py.list(value), key, bound.flag(0)));
  }

  private static Object sortDict(Interpreter interpreter, Object value, Arguments args) {
    Bound bound = args.bind("dictsort", "case_sensitive=", "by=", "reverse=");
    String by = bound.text(1, "key");
    if (!by.equals("key") && !by.equals("value")) {
      throw Filters.argument("You can only sort by either \"key\" or \"value\"");
    }
    if (!(value instanceof PyDict dict)) {
      throw value instanceof Undefined undefined
          ? undefined.failure()
          : JinjaException.of(
              "AttributeError",
              "'%s' object has no attribute 'items'".formatted(Py.typeName(value)));
    }
    int position = by.equals("key") ? 0 : 1;
    List<Object> items = dict.items();
    UnaryOperator<Object> key =
        item -> {
          Object part = ((PyTuple) item).items().get(position);
          return bound.flag(0) ? part : folded(part);
        };
    return new PyList(sorted(interpreter, items, key, bound.flag(2)));
  }

  private static Object extreme(
      Interpreter interpreter, String name, Object value, Arguments args) {
    Bound bound = args.bind(name, "case_sensitive=", "attribute=");
    UnaryOperator<Object> key = key(bound.given(1), bound.flag(0));
    Iterator<Object> items = Py.iterate(value);
    if (!items.hasNext()) {
      return Undefined.of("No aggregated item, sequence was empty.");
    }
    String operator = name.equals("min") ? "<" : ">";
    Object best = items.next();
    Object bestKey = key.apply(best);
    while (items.hasNext()) {
      interpreter.spend(1);
      Object item = items.next();
      Object itemKey = key.apply(item);
      if (Py.less(operator, itemKey, bestKey)) {
        best = item;
        bestKey = itemKey;
      }
    }
    return best;
  }
}
