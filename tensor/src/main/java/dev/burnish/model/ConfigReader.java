package dev.burnish.model;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import tools.jackson.databind.JsonNode;

/// Reads the settings of a `config.json` and records which were read, so that an unread one is
/// refused, not ignored.
final class ConfigReader {
  private final JsonNode json;
  private final String where;
  private final Set<String> read = new TreeSet<>();

  /// @param where the file or key, for messages
  ConfigReader(JsonNode json, String where) {
    this.json = json;
    this.where = where;
  }

  JsonNode json() {
    return json;
  }

  private Optional<JsonNode> find(String key) {
    read.add(key);
    JsonNode value = json.get(key);
    return value == null || value.isNull() ? Optional.empty() : Optional.of(value);
  }

  boolean isEmpty() {
    return json.isEmpty();
  }

  /// Whether the setting is there, if only as null.
  boolean has(String key) {
    return json.has(key);
  }

  int integer(String key) {
    return integer(key, Optional.empty());
  }

  int integer(String key, int otherwise) {
    return integer(key, Optional.of(otherwise));
  }

  private int integer(String key, Optional<Integer> otherwise) {
    Optional<JsonNode> value = find(key);
    if (value.isEmpty()) {
      return otherwise.orElseThrow(() -> missing(key));
    }
    if (!value.get().isIntegralNumber() || !value.get().canConvertToInt()) {
      throw wrong(key, value.get(), "a 32-bit integer");
    }
    return value.get().intValue();
  }

  Optional<Integer> optionalInteger(String key) {
    return find(key).map(_ -> integer(key));
  }

  double number(String key) {
    Optional<JsonNode> value = find(key);
    if (value.isEmpty()) {
      throw missing(key);
    }
    if (!value.get().isNumber()) {
      throw wrong(key, value.get(), "a number");
    }
    return value.get().doubleValue();
  }

  double number(String key, double otherwise) {
    return find(key).isPresent() ? number(key) : otherwise;
  }

  Optional<Double> optionalNumber(String key) {
    return find(key).map(_ -> number(key));
  }

  boolean flag(String key, boolean otherwise) {
    Optional<JsonNode> value = find(key);
    if (value.isEmpty()) {
      return otherwise;
    }
    if (!value.get().isBoolean()) {
      throw wrong(key, value.get(), "true or false");
    }
    return value.get().booleanValue();
  }

  String text(String key, String otherwise) {
    return find(key).map(JsonNode::asString).orElse(otherwise);
  }

  /// A list as written, empty if absent.
  List<JsonNode> list(String key) {
    List<JsonNode> result = new ArrayList<>();
    find(key).ifPresent(value -> value.forEach(result::add));
    return result;
  }

  /// A nested object, empty where there is none.
  Optional<ConfigReader> object(String key) {
    return find(key)
        .map(value -> {
          if (!value.isObject()) {
            throw wrong(key, value, "an object");
          }
          return new ConfigReader(value, where + ": " + key);
        });
  }

  /// Requires a setting to have its one supported value, where it is given.
  void require(String key, String supported) {
    String actual = text(key, supported);
    if (!actual.equals(supported)) {
      throw new IllegalArgumentException(
          "%s: only %s=%s is supported: %s=%s".formatted(where, key, supported, key, actual));
    }
  }

  /// @throws IllegalArgumentException for the first setting that was given a value and never read
  void refuseUnread() {
    for (Map.Entry<String, JsonNode> entry : json.properties()) {
      if (!read.contains(entry.getKey())
          && !HarmlessSettings.contains(entry.getKey())
          && isActive(entry.getValue())) {
        throw new IllegalArgumentException(
            "%s: a setting that may change the numbers is not known: %s=%s; remove it if it changes none"
                .formatted(where, entry.getKey(), abbreviated(entry.getValue())));
      }
    }
  }

  private static boolean isActive(JsonNode value) {
    return !(value.isNull()
        || (value.isBoolean() && !value.booleanValue())
        || (value.isNumber() && value.doubleValue() == 0)
        || (value.isContainer() && value.isEmpty()));
  }

  IllegalArgumentException wrong(String key, JsonNode value, String expected) {
    return new IllegalArgumentException(
        "%s: %s has to be %s: %s=%s".formatted(where, key, expected, key, abbreviated(value)));
  }

  private static String abbreviated(JsonNode value) {
    String text = value.toString();
    return text.length() <= 60 ? text : text.substring(0, 60) + "...";
  }

  private IllegalArgumentException missing(String key) {
    return new IllegalArgumentException("%s: the setting %s is missing".formatted(where, key));
  }
}
