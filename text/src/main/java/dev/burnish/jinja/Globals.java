package dev.burnish.jinja;

import dev.burnish.jinja.python.Arguments;
import dev.burnish.jinja.python.Arguments.Bound;
import dev.burnish.jinja.python.Callable;
import dev.burnish.jinja.python.Function;
import dev.burnish.jinja.python.JinjaException;
import dev.burnish.jinja.python.Namespace;
import dev.burnish.jinja.python.Py;
import dev.burnish.jinja.python.PyDict;
import dev.burnish.jinja.python.PyList;
import dev.burnish.jinja.python.PyNumber;
import dev.burnish.jinja.python.Repr;
import java.time.Clock;
import java.time.ZonedDateTime;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/// The functions that every template can call.
final class Globals {
  private static final long LONGEST_RANGE = 100_000;

  private Globals() {}

  static void define(Scope scope, Clock clock) {
    function(scope, "range", args -> range(args));
    function(scope, "dict", args -> dict(args));
    function(scope, "namespace", args -> new Namespace(dict(args)));
    function(scope, "raise_exception", args -> raise(args));
    function(
        scope,
        "strftime_now",
        args ->
            Strftime.format(ZonedDateTime.now(clock), args.bind("strftime_now", "format").text(0)));
  }

  private static void function(Scope scope, String name, Callable body) {
    scope.set(name, new Function("<function %s>".formatted(name), body));
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
    boolean far = Math.abs((double) stop - start) > 1e18 || Math.abs((double) step) > 1e18;
    long size = far ? Long.MAX_VALUE : size(start, stop, step);
    if (size > LONGEST_RANGE) {
      throw JinjaException.of(
          "OverflowError",
          "Range too big. The sandbox blocks ranges larger than MAX_RANGE (%d)."
              .formatted(LONGEST_RANGE));
    }
    return PyList.range(start, (int) size, step);
  }

  private static long size(long start, long stop, long step) {
    long distance = step > 0 ? stop - start : start - stop;
    return distance <= 0 ? 0 : (distance - 1) / Math.abs(step) + 1;
  }

  private static PyDict dict(Arguments args) {
    PyDict dict = new PyDict();
    if (args.positional().size() > 1) {
      throw JinjaException.type(
          "dict expected at most 1 argument, got %d", args.positional().size());
    }
    for (Object source : args.positional()) {
      Iterator<Object> pairs =
          source instanceof PyDict other ? other.items().iterator() : Py.iterate(source);
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
}
