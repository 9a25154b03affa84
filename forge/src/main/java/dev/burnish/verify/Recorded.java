package dev.burnish.verify;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// A file of recorded values.
final class Recorded {
  private Recorded() {}

  /// @throws IllegalArgumentException if it is not JSON
  static JsonNode read(Path file) {
    try {
      return JsonMapper.shared().readTree(Files.readAllBytes(file));
    } catch (JacksonException e) {
      throw new IllegalArgumentException(
          "recorded values are JSON: file=%s: %s".formatted(file, e.getOriginalMessage()), e);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read file=" + file + ": " + e, e);
    }
  }

  /// A member that has to be there.
  static JsonNode member(JsonNode object, String name, Path file) {
    JsonNode value = object.get(name);
    if (value == null) {
      throw new IllegalArgumentException(
          "recorded values have the member %s: file=%s; see docs/verify.md for the schema"
              .formatted(name, file));
    }
    return value;
  }

  /// A number that has to be there.
  static double number(JsonNode object, String name, Path file) {
    JsonNode value = member(object, name, file);
    if (!value.isNumber()) {
      throw new IllegalArgumentException(
          "the recorded value %s is a number: file=%s value=%s; record it again"
              .formatted(name, file, value));
    }
    return value.asDouble();
  }

  static int[] ints(JsonNode array) {
    return array.valueStream().mapToInt(JsonNode::asInt).toArray();
  }
}
