package dev.burnish.jinja.python;

import java.util.Optional;

/// A value with attributes of its own, such as `loop`.
public interface HasAttributes {
  Optional<Object> attribute(String name);

  /// The name of its Python type.
  String typeName();

  /// How many items it has, where it counts as a collection.
  default Optional<Long> length() {
    return Optional.empty();
  }
}
