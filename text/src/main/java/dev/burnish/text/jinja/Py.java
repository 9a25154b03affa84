package dev.burnish.text.jinja;

import dev.burnish.text.jinja.Value.DictView;
import dev.burnish.text.jinja.Value.Function;
import dev.burnish.text.jinja.Value.Markup;
import dev.burnish.text.jinja.Value.Namespace;
import dev.burnish.text.jinja.Value.None;
import dev.burnish.text.jinja.Value.PyDict;
import dev.burnish.text.jinja.Value.PyIterator;
import dev.burnish.text.jinja.Value.PyList;
import dev.burnish.text.jinja.Value.PyRange;
import dev.burnish.text.jinja.Value.PyTuple;
import dev.burnish.text.jinja.Value.Undefined;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/// What Python's values have in common: type names, truth, equality, order, length, iteration.
final class Py {
  private static final int DEEPEST = 300;

  private Py() {}

  /// A template's value of a Java value: null, booleans, numbers, text, lists, maps.
  static Object of(@Nullable Object value) {
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

  static String typeName(Object value) {
    return switch (value) {
      case String _ -> "str";
      case Markup _ -> "Markup";
      case Boolean _ -> "bool";
      case Long _, BigInteger _ -> "int";
      case Double _ -> "float";
      case None _ -> "NoneType";
      case PyList _ -> "list";
      case PyTuple _ -> "tuple";
      case PyDict _ -> "dict";
      case PyRange _ -> "range";
      case PyIterator _ -> "generator";
      case DictView view ->
          switch (view.kind()) {
            case KEYS -> "dict_keys";
            case VALUES -> "dict_values";
            case ITEMS -> "dict_items";
          };
      case Undefined _ -> "Undefined";
      case Namespace _ -> "Namespace";
      case Macro _ -> "Macro";
      case Loop _ -> "LoopContext";
      case Function _ -> "function";
      default -> value.getClass().getSimpleName();
    };
  }

  /// How Jinja2 names an object in a message.
  static String describe(Object value) {
    return switch (value) {
      case None _ -> "None";
      case Namespace _ -> "jinja2.utils.Namespace object";
      case Macro _ -> "jinja2.runtime.Macro object";
      case Loop _ -> "jinja2.runtime.LoopContext object";
      default -> typeName(value) + " object";
    };
  }

  /// The text of a string or markup.
  static Optional<String> text(Object value) {
    return switch (value) {
      case String text -> Optional.of(text);
      case Markup markup -> Optional.of(markup.text());
      default -> Optional.empty();
    };
  }

  static boolean isText(Object value) {
    return value instanceof String || value instanceof Markup;
  }

  static boolean truth(Object value) {
    return switch (value) {
      case Boolean flag -> flag;
      case None _, Undefined _ -> false;
      case Long number -> number != 0;
      case BigInteger number -> number.signum() != 0;
      case Double number -> number != 0;
      default -> !hasLength(value) || length(value) > 0;
    };
  }

  static boolean hasLength(Object value) {
    return switch (value) {
      case String _,
          Markup _,
          PyList _,
          PyTuple _,
          PyDict _,
          DictView _,
          PyRange _,
          Undefined _,
          Loop _ ->
          true;
      default -> false;
    };
  }

  static long length(Object value) {
    return switch (value) {
      case String text -> PyText.length(text);
      case Markup markup -> PyText.length(markup.text());
      case PyList list -> list.items().size();
      case PyTuple tuple -> tuple.items().size();
      case PyDict dict -> dict.size();
      case DictView view -> view.dict().size();
      case PyRange range -> range.size();
      case Undefined _ -> 0;
      case Loop loop -> loop.length();
      default -> throw JinjaException.type("object of type '%s' has no len()", typeName(value));
    };
  }

  static boolean isIterable(Object value) {
    return hasLength(value) || value instanceof PyIterator;
  }

  static Iterator<Object> iterate(Object value) {
    return switch (value) {
      case PyList list -> list.items().iterator();
      case PyTuple tuple -> tuple.items().iterator();
      case String text -> PyText.characters(text).iterator();
      case Markup markup -> PyText.characters(markup.text()).iterator();
      case PyDict dict -> dict.iterator(DictView.Kind.KEYS);
      case DictView view -> view.dict().iterator(view.kind());
      case PyRange range ->
          LongStream.range(0, range.size())
              .mapToObj(i -> (Object) (range.start() + i * range.step()))
              .iterator();
      case PyIterator generator -> generator.iterator();
      case Undefined _ -> List.of().iterator();
      default -> throw JinjaException.type("'%s' object is not iterable", typeName(value));
    };
  }

  static List<Object> list(Object value) {
    if (value instanceof PyList list) {
      return list.items();
    }
    if (value instanceof PyTuple tuple) {
      return tuple.items();
    }
    List<Object> items = new ArrayList<>();
    Iterator<Object> source = iterate(value);
    while (source.hasNext()) {
      items.add(source.next());
      if (items.size() > Limits.MOST_ITEMS) {
        throw JinjaException.limit("lists must not exceed %d items", Limits.MOST_ITEMS);
      }
    }
    return items;
  }

  static boolean equal(Object left, Object right) {
    return equal(left, right, 0);
  }

  @SuppressWarnings("ReferenceEquality") // as in Python, items are equal if they are the same
  private static boolean equal(Object left, Object right, int depth) {
    if (left == right) {
      return !PyNumber.isNan(left) || depth > 0;
    }
    if (depth > DEEPEST) {
      throw JinjaException.of("RecursionError", "values must not nest deeper than " + DEEPEST);
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
      case PyRange a when right instanceof PyRange b -> equalItems(list(a), list(b), depth);
      case DictView a when right instanceof DictView b -> equalViews(a, b);
      case Undefined _ -> right instanceof Undefined;
      default -> false;
    };
  }

  /// Views of keys and of pairs are equal as sets; views of values never are.
  private static boolean equalViews(DictView left, DictView right) {
    return left.kind() != DictView.Kind.VALUES
        && right.kind() != DictView.Kind.VALUES
        && length(left) == length(right)
        && list(left).stream().allMatch(item -> contains(right, item));
  }

  private static boolean equalItems(List<Object> left, List<Object> right, int depth) {
    if (left.size() != right.size()) {
      return false;
    }
    for (int i = 0; i < left.size(); i++) {
      if (!equal(left.get(i), right.get(i), depth + 1)) {
        return false;
      }
    }
    return true;
  }

  private static boolean equalDicts(PyDict left, PyDict right, int depth) {
    if (left.size() != right.size()) {
      return false;
    }
    for (PyDict.Entry entry : left.entries()) {
      Optional<Object> other = right.get(entry.key());
      if (other.isEmpty() || !equal(entry.value(), other.get(), depth + 1)) {
        return false;
      }
    }
    return true;
  }

  /// Order of two values, or a TypeError that names the operator.
  static boolean less(String operator, Object left, Object right) {
    for (Object side : List.of(left, right)) {
      if (side instanceof Undefined undefined) {
        throw undefined.failure();
      }
    }
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

  static int order(String operator, Object left, Object right) {
    if (PyNumber.isNumber(left) && PyNumber.isNumber(right)) {
      return PyNumber.compare(left, right);
    }
    if (isText(left) && isText(right)) {
      return compareText(text(left).orElseThrow(), text(right).orElseThrow());
    }
    if (left instanceof PyList a && right instanceof PyList b) {
      return orderItems(operator, a.items(), b.items());
    }
    if (left instanceof PyTuple a && right instanceof PyTuple b) {
      return orderItems(operator, a.items(), b.items());
    }
    for (Object side : List.of(left, right)) {
      if (side instanceof Undefined undefined) {
        throw undefined.failure();
      }
    }
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

  /// By code points, as Python compares; UTF-16 order differs beyond U+FFFF.
  private static int compareText(String left, String right) {
    int at = 0;
    int end = Math.min(left.length(), right.length());
    while (at < end && left.charAt(at) == right.charAt(at)) {
      at++;
    }
    if (at == end) {
      return Integer.compare(left.length(), right.length());
    }
    boolean inPair = at > 0 && Character.isHighSurrogate(left.charAt(at - 1));
    int from = inPair ? at - 1 : at;
    return Integer.compare(left.codePointAt(from), right.codePointAt(from));
  }

  private record TupleKey(List<Object> items) {}

  /// A Java value with Python's equality and hash of the key.
  static Object hashKey(Object key) {
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

  static boolean contains(Object container, Object item) {
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
