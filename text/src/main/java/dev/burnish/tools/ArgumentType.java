package dev.burnish.tools;

import java.lang.reflect.Constructor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// A type of arguments: its JSON schema, and the Java value of a JSON value.
sealed interface ArgumentType {
  /// The schema of its values.
  ObjectNode schema();

  /// The expected value in words, such as "a whole number".
  String words();

  /// The Java value, not null.
  ///
  /// @param place of the value, such as `cities[1].name`
  /// @throws ArgumentsRefused if it is of another type
  Object read(JsonNode value, String place);

  /// Whether the value may be left out.
  default boolean isOptional() {
    return false;
  }

  /// The refusal of a value.
  default ArgumentsRefused refusal(JsonNode value, String place) {
    String found = value.toString();
    return new ArgumentsRefused(
        List.of(
            "%s must be %s, and is %s"
                .formatted(
                    place.isEmpty() ? "the arguments" : place,
                    words(),
                    found.length() > 60 ? found.substring(0, 60) + "..." : found)));
  }

  private static ObjectNode ofType(String type) {
    return JsonMapper.shared().createObjectNode().put("type", type);
  }

  /// Text.
  record Text() implements ArgumentType {
    @Override
    public ObjectNode schema() {
      return ofType("string");
    }

    @Override
    public String words() {
      return "a text";
    }

    @Override
    public Object read(JsonNode value, String place) {
      if (!value.isString()) {
        throw refusal(value, place);
      }
      return value.stringValue();
    }
  }

  /// One character, as a text.
  record Letter() implements ArgumentType {
    @Override
    public ObjectNode schema() {
      return ofType("string").put("minLength", 1).put("maxLength", 1);
    }

    @Override
    public String words() {
      return "a text of one character";
    }

    @Override
    public Object read(JsonNode value, String place) {
      if (!value.isString() || value.stringValue().length() != 1) {
        throw refusal(value, place);
      }
      return value.stringValue().charAt(0);
    }
  }

  /// `true` or `false`.
  record Truth() implements ArgumentType {
    @Override
    public ObjectNode schema() {
      return ofType("boolean");
    }

    @Override
    public String words() {
      return "true or false";
    }

    @Override
    public Object read(JsonNode value, String place) {
      if (!value.isBoolean()) {
        throw refusal(value, place);
      }
      return value.booleanValue();
    }
  }

  /// A whole number, `3.0` among them.
  ///
  /// @param type `Byte`, `Short`, `Integer` or `Long`
  record Whole(Class<?> type, long least, long most) implements ArgumentType {
    @Override
    public ObjectNode schema() {
      ObjectNode schema = ofType("integer");
      return type == Long.class ? schema : schema.put("minimum", least).put("maximum", most);
    }

    @Override
    public String words() {
      return type == Long.class
          ? "a whole number"
          : "a whole number from %d to %d".formatted(least, most);
    }

    @Override
    public Object read(JsonNode value, String place) {
      if (!value.isNumber() || !value.canConvertToExactIntegral() || !value.canConvertToLong()) {
        throw refusal(value, place);
      }
      long number = value.asLong();
      if (number < least || number > most) {
        throw refusal(value, place);
      }
      return boxed(number);
    }

    private Object boxed(long number) {
      if (type == Byte.class) {
        return (byte) number;
      }
      if (type == Short.class) {
        return (short) number;
      }
      return type == Integer.class ? (Object) (int) number : (Object) number;
    }
  }

  /// A number.
  ///
  /// @param type `Float` or `Double`
  record Real(Class<?> type) implements ArgumentType {
    @Override
    public ObjectNode schema() {
      return ofType("number");
    }

    @Override
    public String words() {
      return "a number";
    }

    @Override
    public Object read(JsonNode value, String place) {
      double number = value.isNumber() ? value.asDouble(Double.NaN) : Double.NaN;
      if (!Double.isFinite(number)) {
        throw refusal(value, place);
      }
      return type == Float.class ? (Object) (float) number : (Object) number;
    }
  }

  /// One of the constants of an enum.
  record Choice(Map<String, Object> constants) implements ArgumentType {
    @Override
    public ObjectNode schema() {
      ObjectNode schema = ofType("string");
      constants.keySet().forEach(schema.putArray("enum")::add);
      return schema;
    }

    @Override
    public String words() {
      return "one of "
          + constants.keySet().stream()
              .map(name -> "\"" + name + "\"")
              .collect(Collectors.joining(", "));
    }

    @Override
    public Object read(JsonNode value, String place) {
      Object constant = value.isString() ? constants.get(value.stringValue()) : null;
      if (constant == null) {
        throw refusal(value, place);
      }
      return constant;
    }
  }

  /// A list.
  record Items(ArgumentType of) implements ArgumentType {
    @Override
    public ObjectNode schema() {
      ObjectNode schema = ofType("array");
      schema.set("items", of.schema());
      return schema;
    }

    @Override
    public String words() {
      return "a list, each element " + of.words();
    }

    @Override
    public Object read(JsonNode value, String place) {
      if (!value.isArray()) {
        throw refusal(value, place);
      }
      List<Object> items = new ArrayList<>();
      for (JsonNode item : value) {
        items.add(of.read(item, "%s[%d]".formatted(place, items.size())));
      }
      return List.copyOf(items);
    }
  }

  /// An object with any names.
  record Entries(ArgumentType of) implements ArgumentType {
    @Override
    public ObjectNode schema() {
      ObjectNode schema = ofType("object");
      schema.set("additionalProperties", of.schema());
      return schema;
    }

    @Override
    public String words() {
      return "an object, each value " + of.words();
    }

    @Override
    public Object read(JsonNode value, String place) {
      if (!value.isObject()) {
        throw refusal(value, place);
      }
      Map<String, Object> entries = new LinkedHashMap<>();
      value
          .properties()
          .forEach(entry ->
              entries.put(entry.getKey(), of.read(entry.getValue(), place + "." + entry.getKey())));
      return entries;
    }
  }

  /// A value that may be left out, or null.
  record Maybe(ArgumentType of) implements ArgumentType {
    @Override
    public ObjectNode schema() {
      return of.schema();
    }

    @Override
    public String words() {
      return of.words();
    }

    @Override
    public boolean isOptional() {
      return true;
    }

    @Override
    public Object read(JsonNode value, String place) {
      return value.isNull() ? Optional.empty() : Optional.of(of.read(value, place));
    }
  }

  /// A record.
  record Structure(Fields fields, Constructor<?> constructor) implements ArgumentType {
    @Override
    public ObjectNode schema() {
      return fields.schema();
    }

    @Override
    public String words() {
      return fields.words();
    }

    @Override
    public Object read(JsonNode value, String place) {
      Object[] values = fields.values(value, place);
      try {
        return constructor.newInstance(values);
      } catch (ReflectiveOperationException e) {
        String why =
            e.getCause() == null ? e.toString() : String.valueOf(e.getCause().getMessage());
        throw new ArgumentsRefused(List.of(place + " is refused: " + why));
      }
    }
  }

  /// A named value.
  ///
  /// @param description empty for none
  record Field(String name, String description, ArgumentType type) {}

  /// Named values: the parameters of a method, or the components of a record.
  record Fields(List<Field> fields) {
    ObjectNode schema() {
      ObjectNode schema = ofType("object");
      ObjectNode properties = schema.putObject("properties");
      for (Field field : fields) {
        ObjectNode property = field.type().schema();
        if (!field.description().isEmpty()) {
          property.put("description", field.description());
        }
        properties.set(field.name(), property);
      }
      fields.stream()
          .filter(field -> !field.type().isOptional())
          .map(Field::name)
          .forEach(schema.putArray("required")::add);
      return schema.put("additionalProperties", false);
    }

    String words() {
      return "an object with " + names();
    }

    private String names() {
      return fields.isEmpty()
          ? "nothing"
          : fields.stream().map(Field::name).collect(Collectors.joining(", "));
    }

    /// The values in order.
    ///
    /// @throws ArgumentsRefused with everything that is wrong
    Object[] values(JsonNode object, String place) {
      String prefix = place.isEmpty() ? "" : place + ".";
      if (!object.isObject()) {
        throw new ArgumentsRefused(
            List.of("%s must be %s".formatted(place.isEmpty() ? "the arguments" : place, words())));
      }
      List<String> problems = new ArrayList<>();
      List<Object> values = new ArrayList<>();
      for (Field field : fields) {
        try {
          values.add(value(object.get(field.name()), field, prefix));
        } catch (ArgumentsRefused e) {
          problems.add(String.valueOf(e.getMessage()));
        }
      }
      object.propertyNames().stream()
          .filter(name -> fields.stream().noneMatch(field -> field.name().equals(name)))
          .forEach(name ->
              problems.add("%s%s is unknown: there is %s".formatted(prefix, name, names())));
      if (!problems.isEmpty()) {
        throw new ArgumentsRefused(problems);
      }
      return values.toArray();
    }

    private static Object value(@Nullable JsonNode value, Field field, String prefix) {
      if (value != null) {
        return field.type().read(value, prefix + field.name());
      }
      if (field.type().isOptional()) {
        return Optional.empty();
      }
      throw new ArgumentsRefused(
          List.of("%s%s is missing: %s".formatted(prefix, field.name(), field.type().words())));
    }
  }
}
