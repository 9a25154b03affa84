package dev.burnish.config;

import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// The dotted keys of a record, and their types. Below a map every key exists.
record Keys(Class<? extends Record> root) {
  /// @throws ConfigException if there is no such key, naming the nearest
  void require(String source, String key) {
    if (typeOf(key).isEmpty()) {
      throw unknown(source, key);
    }
  }

  /// @throws ConfigException if an object has a key that the record does not have
  void check(String source, ObjectNode object) {
    check(source, "", object);
  }

  boolean isRecord(String key) {
    return typeOf(key).filter(type -> type instanceof Class<?> c && c.isRecord()).isPresent();
  }

  boolean has(String key) {
    return typeOf(key).isPresent();
  }

  boolean isPath(String key) {
    return typeOf(key).filter(type -> type == Path.class).isPresent();
  }

  boolean isText(String key) {
    return typeOf(key).filter(type -> type == String.class || type == Path.class).isPresent();
  }

  ConfigException unknown(String source, String key) {
    return new ConfigException(
        "there is no key %s: source=%s; did you mean %s?".formatted(key, source, nearest(key)));
  }

  private void check(String source, String prefix, ObjectNode object) {
    object.forEachEntry((name, value) -> {
      String key = prefix + name;
      require(source, key);
      checkBelow(source, key, value);
    });
  }

  /// @throws ConfigException if the value of a key holds a key that the record does not have
  void checkBelow(String source, String key, JsonNode value) {
    if (value instanceof ObjectNode inner) {
      check(source, key + ".", inner);
    } else if (value.isArray()) {
      for (int i = 0; i < value.size(); i++) {
        checkBelow(source, key + "." + i, value.get(i));
      }
    }
  }

  private Optional<Type> typeOf(String key) {
    Optional<Type> type = Optional.of(root);
    for (String name : key.split("\\.", -1)) {
      type = type.flatMap(outer -> below(outer, name));
    }
    return type;
  }

  /// The type of the part `name` of a value of type `outer`.
  private static Optional<Type> below(Type outer, String name) {
    return switch (outer) {
      case Class<?> record when record.isRecord() ->
          Inlining.keys(record).stream()
              .filter(component -> component.getName().equals(name))
              .map(RecordComponent::getGenericType)
              .map(Keys::withoutOptional)
              .findFirst();
      case ParameterizedType map when map.getRawType() == Map.class ->
          Optional.of(map.getActualTypeArguments()[1]);
      case ParameterizedType list when list.getRawType() == List.class ->
          name.matches("\\d+") ? Optional.of(list.getActualTypeArguments()[0]) : Optional.empty();
      default -> Optional.empty();
    };
  }

  private static Type withoutOptional(Type type) {
    return type instanceof ParameterizedType optional && optional.getRawType() == Optional.class
        ? optional.getActualTypeArguments()[0]
        : type;
  }

  private String nearest(String key) {
    String last = lastName(key);
    return all(root, "").stream()
        .min(
            Comparator.comparingInt(
                known -> Math.min(distance(key, known), 1 + distance(last, lastName(known)))))
        .orElse("(the record has no keys)");
  }

  private static List<String> all(Type type, String key) {
    List<String> keys = new ArrayList<>();
    if (type instanceof Class<?> record && record.isRecord()) {
      for (RecordComponent component : Inlining.keys(record)) {
        String inner = key.isEmpty() ? component.getName() : key + "." + component.getName();
        keys.add(inner);
        keys.addAll(all(withoutOptional(component.getGenericType()), inner));
      }
    } else if (type instanceof ParameterizedType list && list.getRawType() == List.class) {
      keys.addAll(all(list.getActualTypeArguments()[0], key + ".0"));
    }
    return keys;
  }

  private static String lastName(String key) {
    return key.substring(key.lastIndexOf('.') + 1);
  }

  /// How many letters to insert, remove or replace to turn one word into the other.
  static int distance(String from, String to) {
    int[] row = new int[to.length() + 1];
    Arrays.setAll(row, i -> i);
    for (int i = 1; i <= from.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= to.length(); j++) {
        int replaced = diagonal + (from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(replaced, 1 + Math.min(row[j], row[j - 1]));
      }
    }
    return row[to.length()];
  }
}
