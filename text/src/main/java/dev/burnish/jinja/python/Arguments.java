package dev.burnish.jinja.python;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The values of a call's arguments.
public record Arguments(List<Object> positional, Map<String, Object> named) {
  public static final Arguments NONE = new Arguments(List.of(), Map.of());

  static Arguments of(Object... values) {
    return new Arguments(List.of(values), Map.of());
  }

  /// The arguments after the first ones.
  public Arguments from(int first) {
    return new Arguments(
        positional.subList(Math.min(first, positional.size()), positional.size()), named);
  }

  public Arguments with(String name, Object value) {
    Map<String, Object> more = new LinkedHashMap<>(named);
    more.put(name, value);
    return new Arguments(positional, more);
  }

  /// The arguments by parameter; a parameter that may be left out ends in `=`.
  public Bound bind(String function, String... parameters) {
    if (positional.size() > parameters.length) {
      throw JinjaException.type(
          "%s() takes at most %d arguments (%d given)",
          function, parameters.length, positional.size());
    }
    List<@Nullable Object> values = new ArrayList<>();
    int used = 0;
    for (int i = 0; i < parameters.length; i++) {
      boolean optional = parameters[i].endsWith("=");
      String name =
          optional ? parameters[i].substring(0, parameters[i].length() - 1) : parameters[i];
      Object value = named.get(name);
      if (value != null) {
        used++;
        if (i < positional.size()) {
          throw JinjaException.type("%s() got multiple values for argument '%s'", function, name);
        }
      } else if (i < positional.size()) {
        value = positional.get(i);
      } else if (!optional) {
        throw JinjaException.type(
            "%s() missing 1 required positional argument: '%s'", function, name);
      }
      values.add(value);
    }
    if (used < named.size()) {
      throw JinjaException.type(
          "%s() got an unexpected keyword argument among %s", function, named.keySet());
    }
    return new Bound(function, values);
  }

  /// Arguments in the order of the parameters.
  public record Bound(String function, List<@Nullable Object> values) {
    public Optional<Object> get(int index) {
      return Optional.ofNullable(values.get(index));
    }

    /// The argument, unless it is absent or None.
    public Optional<Object> given(int index) {
      return get(index).filter(value -> value != None.NONE);
    }

    public Object required(int index) {
      return get(index).orElseThrow();
    }

    public Object or(int index, Object otherwise) {
      return get(index).orElse(otherwise);
    }

    public boolean flag(int index) {
      return get(index).map(Py::truth).orElse(false);
    }

    public int count(int index, int otherwise) {
      return get(index).map(PyNumber::count).orElse(otherwise);
    }

    /// A string argument; other types are an error.
    public String text(int index) {
      Object value = required(index);
      return Py.text(value)
          .orElseThrow(() ->
              value instanceof Undefined undefined
                  ? undefined.failure()
                  : JinjaException.type(
                      "%s() argument must be str, not %s", function, Py.typeName(value)));
    }

    public String text(int index, String otherwise) {
      return get(index).isPresent() ? text(index) : otherwise;
    }
  }
}
