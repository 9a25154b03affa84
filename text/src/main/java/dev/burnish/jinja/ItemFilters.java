package dev.burnish.jinja;

import dev.burnish.jinja.Filters.Filter;
import dev.burnish.jinja.python.Arguments;
import dev.burnish.jinja.python.Arguments.Bound;
import dev.burnish.jinja.python.JinjaException;
import dev.burnish.jinja.python.None;
import dev.burnish.jinja.python.Operators;
import dev.burnish.jinja.python.Py;
import dev.burnish.jinja.python.PyDict;
import dev.burnish.jinja.python.PyIterator;
import dev.burnish.jinja.python.PyList;
import dev.burnish.jinja.python.PyText;
import dev.burnish.jinja.python.Repr;
import dev.burnish.jinja.python.Subscripts;
import dev.burnish.jinja.python.Undefined;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;

/// Filters that iterate over the items of a value.
final class ItemFilters {
  private ItemFilters() {}

  static void register(Map<String, Filter> filters) {
    filters.put("length", (_, value, _) -> Py.length(value));
    filters.put("count", (_, value, _) -> Py.length(value));
    filters.put("list", (_, value, _) -> new PyList(new ArrayList<>(Py.list(value))));
    filters.put("first", (_, value, _) -> first(value));
    filters.put("last", (_, value, _) -> last(value));
    filters.put("join", ItemFilters::join);
    filters.put("default", ItemFilters::orDefault);
    filters.put("d", ItemFilters::orDefault);
    filters.put("items", (_, value, _) -> items(value));
    filters.put("reverse", (_, value, _) -> reverse(value));
    filters.put("sum", ItemFilters::sum);
    filters.put("attr", (_, value, args) -> attribute(value, args));
    filters.put("map", ItemFilters::map);
    filters.put("select", (in, value, args) -> select(in, value, args, true, false));
    filters.put("reject", (in, value, args) -> select(in, value, args, false, false));
    filters.put("selectattr", (in, value, args) -> select(in, value, args, true, true));
    filters.put("rejectattr", (in, value, args) -> select(in, value, args, false, true));
    filters.put("unique", ItemFilters::unique);
    OrderFilters.register(filters);
  }

  /// Looks up `a.0.b` in an item, with a default for a missing item.
  static UnaryOperator<Object> getter(Optional<Object> attribute, Optional<Object> otherwise) {
    if (attribute.isEmpty()) {
      return item -> item;
    }
    List<Object> parts = new ArrayList<>();
    Optional<String> path = Py.text(attribute.get());
    if (path.isPresent()) {
      for (String part : path.get().split("\\.", -1)) {
        parts.add(part.matches("\\d{1,9}") ? (Object) Long.valueOf(part) : part);
      }
    } else {
      parts.add(attribute.get());
    }
    return item -> {
      Object value = item;
      for (Object part : parts) {
        value = Subscripts.item(value, part);
        if (value instanceof Undefined && otherwise.isPresent()) {
          value = otherwise.get();
        }
      }
      return value;
    };
  }

  private static Object first(Object value) {
    Iterator<Object> items = Py.iterate(value);
    return items.hasNext() ? items.next() : Undefined.of("No first item, sequence was empty.");
  }

  private static List<Object> reversible(Object value) {
    if (Py.size(value).isEmpty()) {
      throw JinjaException.type("'%s' object is not reversible", Py.typeName(value));
    }
    return Py.list(value);
  }

  private static Object last(Object value) {
    List<Object> items = reversible(value);
    return items.isEmpty() ? Undefined.of("No last item, sequence was empty.") : items.getLast();
  }

  private static Object join(Interpreter interpreter, Object value, Arguments args) {
    Bound bound = args.bind("join", "d=", "attribute=");
    String separator = bound.get(0).map(Repr::str).orElse("");
    UnaryOperator<Object> getter = getter(bound.given(1), Optional.empty());
    StringBuilder out = new StringBuilder();
    boolean rest = false;
    Iterator<Object> items = Py.iterate(value);
    while (items.hasNext()) {
      interpreter.spend(1);
      out.append(rest ? separator : "").append(Repr.str(getter.apply(items.next())));
      PyText.requireLength(out.length());
      rest = true;
    }
    return out.toString();
  }

  private static Object orDefault(Interpreter interpreter, Object value, Arguments args) {
    Bound bound = args.bind("default", "default_value=", "boolean=");
    boolean replaced = value instanceof Undefined || (bound.flag(1) && !Py.truth(value));
    return replaced ? bound.or(0, "") : value;
  }

  private static Object items(Object value) {
    if (value instanceof Undefined) {
      return new PyIterator(Collections.emptyIterator());
    }
    if (value instanceof PyDict dict) {
      return new PyIterator(dict.items().iterator());
    }
    return PyIterator.lazy(() -> {
      throw JinjaException.type("Can only get item pairs from a mapping.");
    });
  }

  private static Object reverse(Object value) {
    Optional<String> text = Py.text(value);
    if (text.isPresent()) {
      int[] codePoints = text.get().codePoints().toArray();
      StringBuilder out = new StringBuilder(text.get().length());
      for (int i = codePoints.length - 1; i >= 0; i--) {
        out.appendCodePoint(codePoints[i]);
      }
      return out.toString();
    }
    if (!Py.isIterable(value)) {
      throw Filters.argument("argument must be iterable");
    }
    List<Object> items = new ArrayList<>(Py.list(value)).reversed();
    return value instanceof PyIterator ? new PyList(items) : new PyIterator(items.iterator());
  }

  private static Object sum(Interpreter interpreter, Object value, Arguments args) {
    Bound bound = args.bind("sum", "attribute=", "start=");
    UnaryOperator<Object> getter = getter(bound.given(0), Optional.empty());
    Object total = bound.or(1, 0L);
    if (Py.isText(total)) {
      throw JinjaException.type("sum() can't sum strings [use ''.join(seq) instead]");
    }
    Iterator<Object> items = Py.iterate(value);
    while (items.hasNext()) {
      interpreter.spend(1);
      total = Operators.binary("+", total, getter.apply(items.next()));
      interpreter.spendOn(total);
    }
    return total;
  }

  private static Object attribute(Object value, Arguments args) {
    return Subscripts.strictAttribute(value, args.bind("attr", "name").text(0));
  }

  private static Object map(Interpreter interpreter, Object value, Arguments args) {
    return lazily(
        interpreter,
        value,
        () -> {
          UnaryOperator<Object> mapper = mapper(interpreter, args);
          return item -> Optional.of(mapper.apply(item));
        });
  }

  private static UnaryOperator<Object> mapper(Interpreter interpreter, Arguments args) {
    if (args.positional().isEmpty() && args.named().containsKey("attribute")) {
      for (String name : args.named().keySet()) {
        if (!name.equals("attribute") && !name.equals("default")) {
          throw Filters.argument("Unexpected keyword argument " + Repr.ofString(name));
        }
      }
      Optional<Object> otherwise = Optional.ofNullable(args.named().get("default"));
      return getter(
          Optional.ofNullable(args.named().get("attribute")).filter(name -> name != None.NONE),
          otherwise.filter(item -> item != None.NONE));
    }
    if (args.positional().isEmpty()) {
      throw Filters.argument("map requires a filter argument");
    }
    String name = Repr.str(args.positional().getFirst());
    Arguments rest = args.from(1);
    return item -> Filters.apply(name, interpreter, item, rest);
  }

  /// Maps an item to its replacement, or to nothing.
  private interface Step {
    Optional<Object> apply(Object item);
  }

  private interface StepSource {
    Step open();
  }

  /// A generator: it reads nothing until its first value is requested.
  private static Object lazily(Interpreter interpreter, Object value, StepSource source) {
    Iterator<Object> items = Py.truth(value) ? Py.iterate(value) : Collections.emptyIterator();
    Step[] step = new Step[1];
    return PyIterator.lazy(() -> {
      while (items.hasNext()) {
        interpreter.spend(1);
        if (step[0] == null) {
          step[0] = source.open();
        }
        Optional<Object> result = step[0].apply(items.next());
        if (result.isPresent()) {
          return result;
        }
      }
      return Optional.empty();
    });
  }

  private static Object select(
      Interpreter interpreter, Object value, Arguments args, boolean keep, boolean byAttribute) {
    return lazily(
        interpreter,
        value,
        () -> {
          int off = byAttribute ? 1 : 0;
          List<Object> positional = args.positional();
          if (byAttribute && positional.isEmpty()) {
            throw Filters.argument("Missing parameter for attribute name");
          }
          UnaryOperator<Object> getter =
              getter(
                  byAttribute ? Optional.of(positional.getFirst()) : Optional.empty(),
                  Optional.empty());
          Arguments rest = args.from(off + 1);
          return item -> {
            Object tested = getter.apply(item);
            boolean passes =
                positional.size() > off
                    ? Tests.test(Repr.str(positional.get(off)), tested, rest)
                    : Py.truth(tested);
            return passes == keep ? Optional.of(item) : Optional.empty();
          };
        });
  }

  private static Object unique(Interpreter interpreter, Object value, Arguments args) {
    Bound bound = args.bind("unique", "case_sensitive=", "attribute=");
    UnaryOperator<Object> getter = OrderFilters.key(bound.given(1), bound.flag(0));
    Set<Object> seen = new HashSet<>();
    Iterator<Object> items = Py.iterate(value);
    return PyIterator.lazy(() -> {
      while (items.hasNext()) {
        interpreter.spend(1);
        Object item = items.next();
        if (seen.add(Py.hashKey(getter.apply(item)))) {
          return Optional.of(item);
        }
      }
      return Optional.empty();
    });
  }
}
