package dev.burnish.serve;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// The members of a JSON object of a request, by type. A member that is null is taken as absent, as
/// OpenAI's clients write it; one of another type is an error that names it.
final class Fields {
  private final ObjectNode json;
  private final String prefix;

  /// @param prefix of the names in errors, such as `stream_options.`
  Fields(ObjectNode json, String prefix) {
    this.json = json;
    this.prefix = prefix;
  }

  Fields(ObjectNode json) {
    this(json, "");
  }

  boolean has(String name) {
    return json.hasNonNull(name);
  }

  Optional<JsonNode> value(String name) {
    return has(name) ? Optional.of(json.path(name)) : Optional.empty();
  }

  boolean flag(String name) {
    return value(name).map(value -> requireBoolean(name, value)).orElse(false);
  }

  private boolean requireBoolean(String name, JsonNode value) {
    if (!value.isBoolean()) {
      throw wrong(name, "true or false", value);
    }
    return value.booleanValue();
  }

  OptionalInt integer(String name, int least, int most) {
    OptionalLong value = integer64(name, least, most);
    return value.isPresent() ? OptionalInt.of((int) value.getAsLong()) : OptionalInt.empty();
  }

  OptionalLong integer64(String name, long least, long most) {
    if (!has(name)) {
      return OptionalLong.empty();
    }
    JsonNode value = json.path(name);
    if (!value.isIntegralNumber() || !value.canConvertToLong()) {
      throw wrong(name, "a whole number from %d to %d".formatted(least, most), value);
    }
    long number = value.longValue();
    if (number < least || number > most) {
      throw wrong(name, "a whole number from %d to %d".formatted(least, most), value);
    }
    return OptionalLong.of(number);
  }

  OptionalDouble number(String name, double least, double most) {
    if (!has(name)) {
      return OptionalDouble.empty();
    }
    JsonNode value = json.path(name);
    double number = value.isNumber() ? value.doubleValue() : Double.NaN;
    if (!(number >= least && number <= most)) {
      throw wrong(name, "a number from %s to %s".formatted(least, most), value);
    }
    return OptionalDouble.of(number);
  }

  Optional<String> text(String name) {
    return value(name)
        .map(value -> {
          if (!value.isString()) {
            throw wrong(name, "a string", value);
          }
          return value.stringValue();
        });
  }

  Optional<Fields> object(String name) {
    return value(name).map(value -> new Fields(requireObject(name, value), prefix + name + "."));
  }

  ObjectNode requireObject(String name, JsonNode value) {
    if (value instanceof ObjectNode object) {
      return object;
    }
    throw wrong(name, "an object", value);
  }

  /// A string, or a list of strings.
  List<String> texts(String name) {
    List<String> texts = new ArrayList<>();
    value(name)
        .ifPresent(value -> {
          for (JsonNode element : value.isArray() ? value.values() : List.of(value)) {
            if (!element.isString()) {
              throw wrong(name, "a string or a list of strings", element);
            }
            texts.add(element.stringValue());
          }
        });
    return texts;
  }

  /// A list of token ids.
  int[] ids(String name, JsonNode value) {
    if (!value.isArray()) {
      throw wrong(name, "a list of token ids", value);
    }
    int[] ids = new int[value.size()];
    for (int i = 0; i < ids.length; i++) {
      JsonNode id = value.path(i);
      if (!id.isIntegralNumber() || !id.canConvertToInt() || id.intValue() < 0) {
        throw wrong(name, "a list of token ids", id);
      }
      ids[i] = id.intValue();
    }
    return ids;
  }

  /// Refuses a member whose effect this server does not have.
  void refuse(String name, String cure) {
    boolean off =
        !has(name)
            || (json.path(name).isBoolean() && !json.path(name).booleanValue())
            || (json.path(name).isContainer() && json.path(name).isEmpty());
    if (!off) {
      throw ApiError.invalid(
              prefix + name, "%s%s is not supported; %s".formatted(prefix, name, cure))
          .withCode("unsupported_parameter");
    }
  }

  ApiError wrong(String name, String constraint, JsonNode value) {
    String written = value.toString();
    String shown = written.length() > 60 ? written.substring(0, 60) + "..." : written;
    return ApiError.invalid(
        prefix + name, "%s%s must be %s: value=%s".formatted(prefix, name, constraint, shown));
  }
}
