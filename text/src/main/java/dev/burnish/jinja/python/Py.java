package dev.burnish.jinja.python;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Operations common to all Python values: type names, truth, equality, order, length, iteration.
public final class Py {
  static final int MOST_ITEMS = 1 << 20;
  private static final int DEEPEST = 300;

  private Py() {}

  /// A template's value of a Java value: null, booleans, numbers, text, lists, maps.
  public static Object of(@Nullable Object value) {
    return of(value, 0);
  }

  private static Object of(@Nullable Object value, int depth) {
    if (depth > DEEPEST) {
      throw new IllegalArgumentException("values must not nest deeper than depth=" + DEEPEST);
    }
    return switch (value) {
      case null -> None.NONE;
      case String _, Boolean _, Long _, Double _, None _, PyList _, PyDict _, PyTuple _ -> value;
      case BigInteger number -> PyNumber.normalized(number);
      case Integer _, Short _, Byte _ -> ((Number) value).longValue();
      case Float number -> (double) number;
      case Map<?, ?> map -> {
        PyDict dict = new PyDict();
        map.forEach((key, item) -> dict.put(of(key, depth + 1), of(item, depth + 1)));
        yield dict;
      }
      case Iterable<?> items -> {
        List<Object> list = new ArrayList<>();
        items.forEach(item -> list.add(of(item, depth + 1)));
        yield new PyList(list);
      }
      default ->
          throw new IllegalArgumentException(
              "templates take null, booleans, numbers, strings, lists and maps: class=%s"
                  .formatted(value.getClass().getName()));
    };
  }

  public static String typeName(Object value) {
    return switch (value) {
      case String _ -> "str";
      case Boolean _ -> "bool";
      case Long _, BigInteger _ -> "int";
      case Double _ -> "float";
      case None _ -> "NoneType";
      case PyList _ -> "list";
      case PyTuple _ -> "tuple";
      case PyDict _ -> "dict";
      case DictView view -> view.type();
      case PyIterator _ -> "generator";
      case HasAttributes own -> own.typeName();
      case Function _ -> "function";
      default -> value.getClass().getSimpleName();
    };
  }

  /// Jinja2's name for an object in a message.
  static String describe(Object value) {
    return value == None.NONE ? "None" : typeName(value) + " object";
  }

  /// The text of a string or markup.
  public static Optional<String> text(Object value) {
    return switch (value) {
      case String text -> Optional.of(text);
      case Markup markup -> Optional.of(markup.text());
      default -> Optional.empty();
    };
  }

  public static boolean isText(Object value) {
    return value instanceof String || value instanceof Markup;
  }

  public static boolean truth(Object value) {
    return switch (value) {
      case Boolean flag -> flag;
      case None _, Undefined _ -> false;
      case Long number -> number != 0;
      case BigInteger number -> number.signum() != 0;
      case Double number -> number != 0;
      default -> size(value).orElse(1L) > 0;
    };
  }

  /// The items of a list or tuple.
  static Optional<List<Object>> items(Object value) {
    return switch (value) {
      case PyList list -> Optional.of(list.items());
      case PyTuple tuple -> Optional.of(tuple.items());
      default -> Optional.empty();
    };
  }

  /// How many items a value has, if it has a length.
  public static Optional<Long> size(Object value) {
    return switch (value) {
      case String text -> Optional.of((long) PyText.length(text));
      case Markup markup -> Optional.of((long) PyText.length(markup.text()));
      case PyDict dict -> Optional.of((long) dict.size());
      case DictView view -> Optional.of((long) view.items().size());
      case Undefined _ -> Optional.of(0L);
      case HasAttributes own -> own.length();
      default -> items(value).map(items -> (long) items.size());
    };
  }

  /// Whether it has a length, and items by index or key.
  public static boolean isSequence(Object value) {
    boolean view = value instanceof DictView || value instanceof HasAttributes;
    return size(value).isPresent() && !view;
  }

  public static long length(Object value) {
    return size(value)
        .orElseThrow(
            () -> JinjaException.type("object of type '%s' has no len()", typeName(value)));
  }

  public static boolean isIterable(Object value) {
    return value instanceof PyIterator || size(value).isPresent();
  }

  public static Iterator<Object> iterate(Object value) {
    return switch (value) {
      case String text -> PyText.characters(text).iterator();
      case Markup markup -> PyText.characters(markup.text()).iterator();
      case PyDict dict -> dict.keys().iterator();
      case DictView view -> view.items().iterator();
      case PyIterator generator -> generator.iterator();
      case Undefined _ -> List.of().iterator();
      default ->
          items(value)
              .orElseThrow(
                  () -> JinjaException.type("'%s' object is not iterable", typeName(value)))
              .iterator();
    };
  }

  public static List<Object> list(Object value) {
    return items(value).orElseGet(() -> collected(iterate(value)));
  }

  private static List<Object> collected(Iterator<Object> source) {
    List<Object> items = new ArrayList<>();
    while (source.hasNext()) {
      items.add(source.next());
      requireItems(items.size());
    }
    return items;
  }

  /// Refuses lists that are longer than any template needs.
  static void requireItems(long count) {
    if (count > MOST_ITEMS) {
      throw JinjaException.limit("lists must not exceed %d items", MOST_ITEMS);
    }
  }

  public static boolean equal(Object left, Object right) {
    return equal(left, right, 0);
  }

  @SuppressWarnings("ReferenceEquality") // as in Python, items are equal if they are the same
  private static boolean equal(Object left, Object right, int depth) {
    if (left == right) {
      return !PyNumber.isNan(left) || depth > 0;
    }
    if (depth > DEEPEST) {
      throw JinjaException.recursion("values must not nest deeper than " + DEEPEST);
    }
    if (PyNumber.isNumber(left) && PyNumber.isNumber(right)) {
      return !PyNumber.isNan(left) && !PyNumber.isNan(right) && PyNumber.compare(left, right) == 0;
    }
    if (isText(left) && isText(right)) {
      return text(left).equals(text(right));
    }
    return switch (left) {
      case PyList a when right instanceof PyList b -> equalItems(a.items(), b.items(), depth);
      case PyTuple a when right instanceof PyTuple b -> equalItems(a.items(), b.items(), depth);
      case PyDict a when right instanceof PyDict b -> equalDicts(a, b, depth);
      case Undefined _ -> right instanceof Undefined;
      default -> false;
    };
  }

  private static boolean equalItems(List<Object> left, List<Object> right, int depth) {
    boolean equal = left.size() == right.size();
    for (int i = 0; equal && i < left.size(); i++) {
      equal = equal(left.get(i), right.get(i), depth + 1);
    }
    return equal;
  }

  private static boolean equalDicts(PyDict left, PyDict right, int depth) {
    return left.size() == right.size()
        && left.entries().stream()
            .allMatch(entry ->
                right
                    .get(entry.key())
                    .filter(other -> equal(entry.value(), other, depth + 1))
                    .isPresent());
  }

  /// Order of two values, or a TypeError that names the operator.
  public static boolean less(String operator, Object left, Object right) {
    refuseUndefined(left, right);
    if (PyNumber.isNan(left) || PyNumber.isNan(right)) {
      return false;
    }
    int order = order(operator, left, right);
    return switch (operator) {
      case "<" -> order < 0;
      case "<=" -> order <= 0;
      case ">" -> order > 0;
      default -> order >= 0;
    };
  }

  static void refuseUndefined(Object left, Object right) {
    for (Object side : List.of(left, right)) {
      if (side instanceof Undefined undefined) {
        throw undefined.failure();
      }
    }
  }

  /// Below, at or above 0, as a comparator has it.
  public static int order(String operator, Object left, Object right) {
    if (PyNumber.isNumber(left) && PyNumber.isNumber(right)) {
      return PyNumber.compare(left, right);
    }
    if (isText(left) && isText(right)) {
      return PyText.compare(text(left).orElseThrow(), text(right).orElseThrow());
    }
    if (left instanceof PyList a && right instanceof PyList b) {
      return orderItems(operator, a.items(), b.items());
    }
    if (left instanceof PyTuple a && right instanceof PyTuple b) {
      return orderItems(operator, a.items(), b.items());
    }
    refuseUndefined(left, right);
    throw JinjaException.type(
        "'%s' not supported between instances of '%s' and '%s'",
        operator, typeName(left), typeName(right));
  }

  private static int orderItems(String operator, List<Object> left, List<Object> right) {
    for (int i = 0; i < Math.min(left.size(), right.size()); i++) {
      if (!equal(left.get(i), right.get(i), 1)) {
        return order(operator, left.get(i), right.get(i));
      }
    }
    return Integer.compare(left.size(), right.size());
  }

  private record TupleKey(List<Object> items) {}

  /// A Java value with Python's equality and hash of the key.
  public static Object hashKey(Object key) {
    return switch (key) {
      case Boolean flag -> flag ? 1L : 0L;
      case Double number when number == Math.rint(number) && Double.isFinite(number) ->
          PyNumber.truncate(number);
      case Markup markup -> markup.text();
      case PyTuple tuple -> new TupleKey(tuple.items().stream().map(Py::hashKey).toList());
      case PyList _, PyDict _ -> throw JinjaException.type("unhashable type: '%s'", typeName(key));
      default -> key;
    };
  }

  public static boolean contains(Object container, Object item) {
    if (isText(container)) {
      String text =
          text(item)
              .orElseThrow(() ->
                  JinjaException.type(
                      "'in <string>' requires string as left operand, not %s", typeName(item)));
      return text(container).orElseThrow().contains(text);
    }
    if (container instanceof PyDict dict) {
      return dict.containsKey(item);
    }
    if (!isIterable(container)) {
      throw JinjaException.type("argument of type '%s' is not iterable", typeName(container));
    }
    Iterator<Object> items = iterate(container);
    while (items.hasNext()) {
      if (equal(items.next(), item, 1)) {
        return true;
      }
    }
    return false;
  }
}
