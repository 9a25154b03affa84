package dev.burnish.store.tensors;

import dev.burnish.tensor.DType;
import java.util.List;
import java.util.Optional;

/// How a store is seen: under a prefix of keys and names of sets, and with floating-point tensors
/// of one type.
///
/// @param prefix empty, or segments that each end with a dot
record View(String prefix, Optional<DType> floatingPoint) {
  static final View WHOLE = new View("", Optional.empty());

  /// @throws IllegalArgumentException if there is no name
  View under(String name) {
    if (name.isEmpty()) {
      throw new IllegalArgumentException("a namespace must have a name: name=''");
    }
    return new View(prefix + name + ".", floatingPoint);
  }

  /// @throws IllegalArgumentException if it is not of floating point
  View as(DType type) {
    if (!type.isFloatingPoint()) {
      throw new IllegalArgumentException(
          "tensors must be seen as a floating-point type: type=" + type);
    }
    return new View(prefix, Optional.of(type));
  }

  /// A key of the store.
  String key(String own) {
    return prefix + own;
  }

  /// The prefix without its last dot.
  String name() {
    return prefix.substring(0, prefix.length() - 1);
  }

  List<String> keys(List<String> own) {
    return own.stream().map(this::key).toList();
  }

  /// A key as it is seen.
  String own(String key) {
    return key.startsWith(prefix) ? key.substring(prefix.length()) : key;
  }

  /// The keys under the prefix.
  List<String> own(List<String> keys) {
    return keys.stream().filter(key -> key.startsWith(prefix)).map(this::own).toList();
  }

  /// The type as which tensors of a type are stored and read.
  DType type(DType of) {
    return of.isFloatingPoint() ? floatingPoint.orElse(of) : of;
  }
}
