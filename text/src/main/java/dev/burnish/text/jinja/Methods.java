package dev.burnish.text.jinja;

import dev.burnish.text.jinja.Value.Callable;
import dev.burnish.text.jinja.Value.DictView;
import dev.burnish.text.jinja.Value.Function;
import dev.burnish.text.jinja.Value.Markup;
import dev.burnish.text.jinja.Value.None;
import dev.burnish.text.jinja.Value.PyDict;
import dev.burnish.text.jinja.Value.PyList;
import dev.burnish.text.jinja.Value.PyRange;
import dev.burnish.text.jinja.Value.PyTuple;
import dev.burnish.text.jinja.Value.Undefined;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// The methods and attributes of Python's types that a template may reach. Those that change a
/// value exist, but cannot be called.
final class Methods {
  private static final Set<String> LIST_CHANGES =
      Set.of("append", "clear", "extend", "insert", "pop", "remove", "reverse", "sort");
  private static final Set<String> DICT_CHANGES =
      Set.of("clear", "pop", "popitem", "setdefault", "update");
  private static final Set<String> OBJECT =
      Set.of(
          "__class__",
          "__doc__",
          "__dir__",
          "__eq__",
          "__ne__",
          "__lt__",
          "__le__",
          "__gt__",
          "__ge__",
          "__getattribute__",
          "__hash__",
          "__init__",
          "__init_subclass__",
          "__new__",
          "__reduce__",
          "__reduce_ex__",
          "__repr__",
          "__setattr__",
          "__delattr__",
          "__sizeof__",
          "__str__",
          "__format__",
          "__subclasshook__",
          "__len__",
          "__iter__",
          "__getitem__",
          "__call__",
          "__bool__",
          "__add__",
          "__dict__",
          "__module__");

  private Methods() {}

  /// Attributes that every object has; the sandbox gives out none of them.
  static boolean isObjectAttribute(String name) {
    return OBJECT.contains(name);
  }

  static Optional<Object> attribute(Object object, String name) {
    return switch (object) {
      case String text -> StringMethods.bound(text, name);
      case Markup markup -> markup(markup, name);
      case PyList list -> list(list, list.items(), name, LIST_CHANGES);
      case PyTuple tuple -> tuple(tuple, name);
      case PyDict dict -> dict(dict, name);
      case Long _, BigInteger _, Boolean _, Double _ -> number(object, name);
      case PyRange range -> range(range, name);
      default -> Optional.empty();
    };
  }

  static Optional<Object> method(String name, Callable body) {
    return Optional.of(new Function("<built-in method %s>".formatted(name), body));
  }

  private static Optional<Object> markup(Markup markup, String name) {
    return StringMethods.bound(markup.text(), name)
        .map(method ->
            new Function(
                method.toString(),
                (interpreter, arguments) -> {
                  Object result = ((Callable) method).call(interpreter, arguments);
                  return result instanceof String text ? new Markup(text) : result;
                }));
  }

  private static Optional<Object> list(
      Object owner, List<Object> items, String name, Set<String> changes) {
    if (changes.contains(name)) {
      return Optional.of(Undefined.unsafe(owner, name));
    }
    return switch (name) {
      case "count" ->
          method(
              name,
              (_, args) -> {
                Object wanted = args.bind(name, "value").required(0);
                return items.stream().filter(item -> Py.equal(item, wanted)).count();
              });
      case "index" -> method(name, (_, args) -> index(owner, items, args));
      case "copy" ->
          owner instanceof PyList ? method(name, (_, _) -> new PyList(items)) : Optional.empty();
      default -> Optional.empty();
    };
  }

  private static Object index(Object owner, List<Object> items, Arguments args) {
    Arguments.Bound bound = args.bind("index", "value", "start=", "stop=");
    Object wanted = bound.required(0);
    int start = bound.count(1, 0);
    int stop = bound.count(2, items.size());
    int from = start < 0 ? Math.max(0, start + items.size()) : start;
    int to = Math.min(items.size(), stop < 0 ? stop + items.size() : stop);
    for (int i = from; i < to; i++) {
      if (Py.equal(items.get(i), wanted)) {
        return (long) i;
      }
    }
    throw owner instanceof PyTuple
        ? JinjaException.value("tuple.index(x): x not in tuple")
        : JinjaException.value("%s is not in list", Repr.of(wanted));
  }

  private static Optional<Object> tuple(PyTuple tuple, String name) {
    int field = tuple.names().indexOf(name);
    return field >= 0
        ? Optional.of(tuple.items().get(field))
        : list(tuple, tuple.items(), name, Set.of());
  }

  private static Optional<Object> dict(PyDict dict, String name) {
    if (DICT_CHANGES.contains(name)) {
      return Optional.of(Undefined.unsafe(dict, name));
    }
    return switch (name) {
      case "get" ->
          method(
              name,
              (_, args) -> {
                if (!args.named().isEmpty()) {
                  throw JinjaException.type("dict.get() takes no keyword arguments");
                }
                Arguments.Bound bound = args.bind(name, "key", "default=");
                return dict.get(bound.required(0)).orElse(bound.or(1, None.NONE));
              });
      case "items" -> view(dict, name, DictView.Kind.ITEMS);
      case "keys" -> view(dict, name, DictView.Kind.KEYS);
      case "values" -> view(dict, name, DictView.Kind.VALUES);
      case "copy" ->
          method(
              name,
              (_, _) -> {
                PyDict copy = new PyDict();
                dict.entries().forEach(entry -> copy.put(entry.key(), entry.value()));
                return copy;
              });
      case "fromkeys" ->
          method(
              name,
              (_, args) -> {
                Arguments.Bound bound = args.bind(name, "iterable", "value=");
                PyDict fresh = new PyDict();
                Py.iterate(bound.required(0))
                    .forEachRemaining(key -> fresh.put(key, bound.or(1, None.NONE)));
                return fresh;
              });
      default -> Optional.empty();
    };
  }

  private static Optional<Object> view(PyDict dict, String name, DictView.Kind kind) {
    return method(
        name,
        (_, args) -> {
          args.bind(name);
          return new DictView(dict, kind);
        });
  }

  private static Optional<Object> number(Object number, String name) {
    Object plain = number instanceof Boolean ? PyNumber.normalized(PyNumber.big(number)) : number;
    return switch (name) {
      case "real" -> Optional.of(plain);
      case "imag" -> Optional.of(number instanceof Double ? (Object) 0.0 : (Object) 0L);
      case "conjugate" -> method(name, (_, _) -> plain);
      case "as_integer_ratio" -> method(name, (_, _) -> ratio(number));
      default -> number instanceof Double value ? floating(value, name) : whole(plain, name);
    };
  }

  private static Optional<Object> floating(double number, String name) {
    return name.equals("is_integer")
        ? method(name, (_, _) -> Double.isFinite(number) && number == Math.rint(number))
        : Optional.empty();
  }

  private static Optional<Object> whole(Object number, String name) {
    return switch (name) {
      case "numerator" -> Optional.of(number);
      case "denominator" -> Optional.of(1L);
      case "bit_length" -> method(name, (_, _) -> (long) PyNumber.big(number).abs().bitLength());
      case "bit_count" -> method(name, (_, _) -> (long) PyNumber.big(number).abs().bitCount());
      default -> Optional.empty();
    };
  }

  private static Object ratio(Object number) {
    if (!(number instanceof Double value)) {
      return PyTuple.of(PyNumber.normalized(PyNumber.big(number)), 1L);
    }
    PyNumber.truncate(value); // refuses infinity and NaN
    BigDecimal exact = new BigDecimal(value);
    BigInteger denominator = BigInteger.TEN.pow(Math.max(0, exact.scale()));
    BigInteger numerator = exact.multiply(new BigDecimal(denominator)).toBigInteger();
    BigInteger common = numerator.gcd(denominator);
    return PyTuple.of(
        PyNumber.normalized(numerator.divide(common)),
        PyNumber.normalized(denominator.divide(common)));
  }

  private static Optional<Object> range(PyRange range, String name) {
    return switch (name) {
      case "start" -> Optional.of(range.start());
      case "stop" -> Optional.of(range.stop());
      case "step" -> Optional.of(range.step());
      case "count", "index" -> list(range, Py.list(range), name, Set.of());
      default -> Optional.empty();
    };
  }
}
