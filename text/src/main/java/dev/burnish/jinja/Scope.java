package dev.burnish.jinja;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Variables of a part of a template, within those of the part around it.
final class Scope {
  private final Map<String, Object> variables = new HashMap<>();
  private final @Nullable Scope outer;

  Scope() {
    this.outer = null;
  }

  private Scope(Scope outer) {
    this.outer = outer;
  }

  Scope inner() {
    return new Scope(this);
  }

  Optional<Object> get(String name) {
    for (Scope scope = this; scope != null; scope = scope.outer) {
      Object value = scope.variables.get(name);
      if (value != null) {
        return Optional.of(value);
      }
    }
    return Optional.empty();
  }

  void set(String name, Object value) {
    variables.put(name, value);
  }
}
