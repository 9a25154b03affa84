package dev.burnish.jinja.python;

import java.util.List;
import java.util.Optional;
import java.util.Set;

/// The methods of lists, tuples and dicts that a template may call. Those that change a value
/// exist, but cannot be called.
final class Methods {
  private static final Set<String> LIST_CHANGES =
      Set.of("append", "clear", "extend", "insert", "pop", "remove", "reverse", "sort");
  private static final Set<String> DICT_CHANGES =
      Set.of("clear", "pop", "popitem", "setdefault", "update");

  private Methods() {}

  static Optional<Object> of(Object object, String name) {
    boolean changes =
        (object instanceof PyList && LIST_CHANGES.contains(name))
            || (object instanceof PyDict && DICT_CHANGES.contains(name));
    if (changes) {
      return Optional.of(Undefined.unsafe(object, name));
    }
    Optional<Callable> body =
        switch (object) {
          case String text -> StringMethods.of(text, name);
          case Markup markup -> StringMethods.of(markup.text(), name).map(Methods::ofMarkup);
          case PyDict dict -> ofDict(dict, name);
          default -> Py.items(object).flatMap(items -> ofList(items, name));
        };
    return body.map(method -> Function.method(name, method));
  }

  private static Callable ofMarkup(Callable method) {
    return args -> {
      Object result = method.call(args);
      return result instanceof String text ? new Markup(text) : result;
    };
  }

  private static Optional<Callable> ofList(List<Object> items, String name) {
    return switch (name) {
      case "count" -> Optional.of(args -> count(items, args.bind(name, "value").required(0)));
      case "index" -> Optional.of(args -> index(items, args));
      case "copy" -> Optional.of(_ -> new PyList(items));
      default -> Optional.empty();
    };
  }

  private static long count(List<Object> items, Object wanted) {
    return items.stream().filter(item -> Py.equal(item, wanted)).count();
  }

  private static Object index(List<Object> items, Arguments args) {
    Arguments.Bound bound = args.bind("index", "value", "start=", "stop=");
    int from = Search.clamp(bound.count(1, 0), items.size());
    int to = Math.min(items.size(), Search.clamp(bound.count(2, items.size()), items.size()));
    for (int i = from; i < to; i++) {
      if (Py.equal(items.get(i), bound.required(0))) {
        return (long) i;
      }
    }
    throw JinjaException.value("%s is not in list", Repr.of(bound.required(0)));
  }

  private static Optional<Callable> ofDict(PyDict dict, String name) {
    return switch (name) {
      case "get" -> Optional.of(args -> get(dict, args));
      case "items" -> Optional.of(args -> view(args, name, dict.items()));
      case "keys" -> Optional.of(args -> view(args, name, dict.keys()));
      case "values" -> Optional.of(args -> view(args, name, dict.values()));
      case "copy" -> Optional.of(_ -> dict);
      default -> Optional.empty();
    };
  }

  private static Object get(PyDict dict, Arguments args) {
    if (!args.named().isEmpty()) {
      throw JinjaException.type("dict.get() takes no keyword arguments");
    }
    Arguments.Bound bound = args.bind("get", "key", "default=");
    return dict.get(bound.required(0)).orElse(bound.or(1, None.NONE));
  }

  private static DictView view(Arguments args, String name, List<Object> items) {
    args.bind(name);
    return new DictView("dict_" + name, items);
  }
}
