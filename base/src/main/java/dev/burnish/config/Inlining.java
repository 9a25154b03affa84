package dev.burnish.config;

import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// Translates between the tree of a record, which has an object per record, and the tree of its
/// keys, in which the components of an [Inlined] record stand in the object around it.
final class Inlining {
  private Inlining() {}

  /// The components of a record that are keys: those of inlined ones in their place.
  static List<RecordComponent> keys(Class<?> record) {
    return Stream.of(record.getRecordComponents())
        .flatMap(component ->
            isInlined(component) ? keys(component.getType()).stream() : Stream.of(component))
        .toList();
  }

  /// The tree of keys for a tree of records.
  ///
  /// @throws ConfigException if two components of a record are the same key, or an inlined one is
  ///   not a record
  static JsonNode flatten(Type type, JsonNode records) {
    return map(type, records, Inlining::flattenRecord);
  }

  private static ObjectNode flattenRecord(Class<?> record, ObjectNode object) {
    ObjectNode keys = object.objectNode();
    for (RecordComponent component : record.getRecordComponents()) {
      JsonNode value = flatten(component.getGenericType(), object.path(component.getName()));
      if (isInlined(component) && value instanceof ObjectNode inner) {
        inner.forEachEntry((name, below) -> add(keys, record, name, below));
      } else {
        add(keys, record, component.getName(), value);
      }
    }
    return keys;
  }

  private static void add(ObjectNode keys, Class<?> record, String name, JsonNode value) {
    if (keys.has(name)) {
      throw new ConfigException(
          "a key must stand once: key=%s, record=%s; rename one of the components, or inline one record less"
              .formatted(name, record.getSimpleName()));
    }
    keys.set(name, value);
  }

  /// The tree of records for a tree of keys; anything that is not a key stays where it is.
  static JsonNode nest(Type type, JsonNode keys) {
    return map(type, keys, Inlining::nestRecord);
  }

  private static ObjectNode nestRecord(Class<?> record, ObjectNode keys) {
    ObjectNode rest = keys.objectNode().setAll(keys);
    ObjectNode records = keys.objectNode();
    for (RecordComponent component : record.getRecordComponents()) {
      @Nullable JsonNode value =
          isInlined(component) ? take(component.getType(), rest) : rest.remove(component.getName());
      if (value != null) {
        records.set(component.getName(), nest(component.getGenericType(), value));
      }
    }
    return records.setAll(rest);
  }

  private static ObjectNode take(Class<?> record, ObjectNode keys) {
    ObjectNode taken = keys.objectNode();
    for (RecordComponent component : keys(record)) {
      @Nullable JsonNode value = keys.remove(component.getName());
      if (value != null) {
        taken.set(component.getName(), value);
      }
    }
    return taken;
  }

  /// The dotted key of a place in a tree of records.
  static String key(Type root, List<String> place) {
    List<String> names = new ArrayList<>();
    Type type = root;
    for (String name : place) {
      Optional<RecordComponent> component = component(type, name);
      if (component.filter(Inlining::isInlined).isEmpty()) {
        names.add(name);
      }
      type = component.map(RecordComponent::getGenericType).orElse(element(type));
    }
    return String.join(".", names);
  }

  private static Optional<RecordComponent> component(Type type, String name) {
    Type inner = isOptional(type) ? element(type) : type;
    return inner instanceof Class<?> record && record.isRecord()
        ? Stream.of(record.getRecordComponents()).filter(c -> c.getName().equals(name)).findFirst()
        : Optional.empty();
  }

  private static boolean isOptional(Type type) {
    return type instanceof ParameterizedType optional && optional.getRawType() == Optional.class;
  }

  /// Whether a component is marked, and is a record.
  ///
  /// @throws ConfigException if it is marked and not a record
  private static boolean isInlined(RecordComponent component) {
    if (!component.isAnnotationPresent(Inlined.class)) {
      return false;
    }
    if (!component.getType().isRecord()) {
      throw new ConfigException(
          "an inlined component must be a record: component=%s, type=%s; take @Inlined from it"
              .formatted(component.getName(), component.getType().getSimpleName()));
    }
    return true;
  }

  private static JsonNode map(
      Type type, JsonNode node, BiFunction<Class<?>, ObjectNode, ObjectNode> change) {
    return switch (type) {
      case Class<?> record when record.isRecord() && node instanceof ObjectNode object ->
          change.apply(record, object);
      case ParameterizedType list
          when list.getRawType() == List.class && node instanceof ArrayNode array -> {
        ArrayNode result = array.arrayNode();
        array.forEach(value -> result.add(map(element(list), value, change)));
        yield result;
      }
      case ParameterizedType map
          when map.getRawType() == Map.class && node instanceof ObjectNode object -> {
        ObjectNode result = object.objectNode();
        object.forEachEntry((name, value) -> result.set(name, map(element(map), value, change)));
        yield result;
      }
      case ParameterizedType optional when isOptional(optional) ->
          map(element(optional), node, change);
      default -> node;
    };
  }

  /// The element type of a list, a map or an optional; any other type itself.
  static Type element(Type type) {
    return type instanceof ParameterizedType of
        ? of.getActualTypeArguments()[of.getActualTypeArguments().length - 1]
        : type;
  }
}
