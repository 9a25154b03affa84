package dev.burnish.jinja;

import dev.burnish.jinja.python.Arguments;
import dev.burnish.jinja.python.JinjaException;
import java.util.HashMap;
import java.util.Map;

/// The filters, by name.
final class Filters {
  /// Turns a value into another one.
  interface Filter {
    Object apply(Interpreter interpreter, Object value, Arguments arguments);
  }

  private static final Map<String, Filter> FILTERS = new HashMap<>();

  static {
    TextFilters.register(FILTERS);
    ItemFilters.register(FILTERS);
    NumberFilters.register(FILTERS);
  }

  private Filters() {}

  static boolean exists(String name) {
    return FILTERS.containsKey(name);
  }

  static Object apply(String name, Interpreter interpreter, Object value, Arguments arguments) {
    Filter filter = FILTERS.get(name);
    if (filter == null) {
      throw JinjaException.of(
          "TemplateRuntimeError", "No filter named '%s' found.".formatted(name));
    }
    return filter.apply(interpreter, value, arguments);
  }

  static JinjaException argument(String reason) {
    return JinjaException.of("FilterArgumentError", reason);
  }
}
