package dev.burnish.tools;

import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.databind.json.JsonMapper;

/// A call of a tool that a model asks for.
///
/// @param name of the tool
/// @param arguments a JSON object, to the letter as the model wrote it
public record ToolCall(String name, String arguments) {
  /// @throws IllegalArgumentException if the name is empty, or the arguments are no JSON object
  public ToolCall {
    arguments = arguments.strip();
    if (name.isEmpty() || !ObjectScanner.isObject(arguments)) {
      throw new IllegalArgumentException(
          "a call of a tool must have a name and a JSON object: name=%s arguments=%s"
              .formatted(name, arguments));
    }
  }

  /// Reads an object with a `name` and with `arguments` or `parameters`: an object, or a text that
  /// is one. Members of other names do not count.
  static Optional<ToolCall> read(String object) {
    try (JsonParser json = JsonMapper.shared().createParser(object)) {
      Optional<String> name = Optional.empty();
      Optional<String> arguments = Optional.empty();
      json.nextToken();
      while (json.nextToken() == JsonToken.PROPERTY_NAME) {
        String member = json.currentName();
        JsonToken value = json.nextToken();
        switch (member) {
          case "name" -> name = text(json, value);
          case "arguments", "parameters" -> arguments = object(json, value, object);
          default -> json.skipChildren();
        }
      }
      return name.filter(text -> !text.isEmpty()).isPresent() && arguments.isPresent()
          ? Optional.of(new ToolCall(name.get(), arguments.get()))
          : Optional.empty();
    } catch (JacksonException e) {
      return Optional.empty();
    }
  }

  private static Optional<String> text(JsonParser json, JsonToken value) {
    json.skipChildren();
    return value == JsonToken.VALUE_STRING ? Optional.of(json.getString()) : Optional.empty();
  }

  /// The letters of the object that begins here, or of the one that a text holds.
  private static Optional<String> object(JsonParser json, JsonToken value, String source) {
    if (value != JsonToken.START_OBJECT) {
      return text(json, value).map(String::strip).filter(ObjectScanner::isObject);
    }
    int start = (int) json.currentTokenLocation().getCharOffset();
    json.skipChildren();
    return Optional.of(source.substring(start, (int) json.currentLocation().getCharOffset()));
  }
}
