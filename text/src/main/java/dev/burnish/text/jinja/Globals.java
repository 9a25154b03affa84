package dev.burnish.text.jinja;

import dev.burnish.text.jinja.Arguments.Bound;
import dev.burnish.text.jinja.Value.Callable;
import dev.burnish.text.jinja.Value.DictView;
import dev.burnish.text.jinja.Value.Function;
import dev.burnish.text.jinja.Value.HasAttributes;
import dev.burnish.text.jinja.Value.Namespace;
import dev.burnish.text.jinja.Value.None;
import dev.burnish.text.jinja.Value.PyDict;
import dev.burnish.text.jinja.Value.PyRange;
import java.time.ZonedDateTime;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The functions that every template can call.
final class Globals {
  private static final long LONGEST_RANGE = 100_000;

  private Globals() {}

  static void define(Scope scope) {
    function(scope, "range", (_, args) -> range(args));
    function(scope, "dict", (_, args) -> dict(args));
    function(scope, "namespace", (_, args) -> new Namespace(dict(args)));
    function(scope, "cycler", (_, args) -> new Cycler(args.positional()));
    function(scope, "joiner", (_, args) -> joiner(args));
    function(scope, "raise_exception", (_, args) -> raise(args));
    function(
        scope,
        "strftime_now",
        (interpreter, args) ->
            Strftime.format(
                ZonedDateTime.now(interpreter.clock()),
                args.bind("strftime_now", "format").text(0)));
    scope.set("self", new Function("<TemplateReference None>", Globals::notCallable));
    function(
        scope,
        "lipsum",
        (_, _) -> {
          throw JinjaException.type("lipsum() is not supported by chat templates");
        });
  }

  private static void function(Scope scope, String name, Callable body) {
    scope.set(name, new Function("<function %s>".formatted(name), body));
  }

  private static Object notCallable(Interpreter interpreter, Arguments args) {
    throw JinjaException.type("'TemplateReference' object is not callable");
  }

  private static Object range(Arguments args) {
    if (!args.named().isEmpty()) {
      throw JinjaException.type("range() takes no keyword arguments");
    }
    Bound bound = args.bind("range", "start", "stop=", "step=");
    long first = PyNumber.clamped(bound.required(0));
    long start = bound.get(1).isPresent() ? first : 0;
    long stop = bound.get(1).map(PyNumber::clamped).orElse(first);
    long step = bound.get(2).map(PyNumber::clamped).orElse(1L);
    if (step == 0) {
      throw JinjaException.value("range() arg 3 must not be zero");
    }
    PyRange range = new PyRange(start, stop, step);
    boolean far = Math.abs((double) stop - start) > 1e18 || Math.abs((double) step) > 1e18;
    if (far || range.size() > LONGEST_RANGE) {
      throw JinjaException.of(
          "OverflowError",
          "Range too big. The sandbox blocks ranges larger than MAX_RANGE (%d)."
              .formatted(LONGEST_RANGE));
    }
    return range;
  }

  private static PyDict dict(Arguments args) {
    PyDict dict = new PyDict();
    if (args.positional().size() > 1) {
      throw JinjaException.type(
          "dict expected at most 1 argument, got %d", args.positional().size());
    }
    for (Object source : args.positional()) {
      Iterator<Object> pairs =
          source instanceof PyDict other ? other.iterator(DictView.Kind.ITEMS) : Py.iterate(source);
      while (pairs.hasNext()) {
        List<Object> pair = Py.list(pairs.next());
        if (pair.size() != 2) {
          throw JinjaException.value(
              "dictionary update sequence element has length %d; 2 is required", pair.size());
        }
        dict.put(pair.get(0), pair.get(1));
      }
    }
    for (Map.Entry<String, Object> named : args.named().entrySet()) {
      dict.put(named.getKey(), named.getValue());
    }
    return dict;
  }

  private static Object raise(Arguments args) {
    throw JinjaException.of(
        "TemplateError", Repr.str(args.bind("raise_exception", "message").required(0)));
  }

  private static Object joiner(Arguments args) {
    String separator = args.bind("joiner", "sep=").get(0).map(Repr::str).orElse(", ");
    boolean[] used = new boolean[1];
    return new Function(
        "<jinja2.utils.Joiner object>",
        (_, _) -> {
          String text = used[0] ? separator : "";
          used[0] = true;
          return text;
        });
  }

  /// What `cycler()` returns.
  private static final class Cycler implements HasAttributes {
    private final List<Object> items;
    private int position;

    Cycler(List<Object> items) {
      if (items.isEmpty()) {
        throw JinjaException.of("RuntimeError", "at least one item has to be provided");
      }
      this.items = items;
    }

    @Override
    public Optional<Object> attribute(String name) {
      return switch (name) {
        case "current" -> Optional.of(items.get(position));
        case "next" ->
            Methods.method(
                name,
                (_, _) -> {
                  Object current = items.get(position);
                  position = (position + 1) % items.size();
                  return current;
                });
        case "reset" ->
            Methods.method(
                name,
                (_, _) -> {
                  position = 0;
                  return None.NONE;
                });
        default -> Optional.empty();
      };
    }
  }
}
