package dev.burnish.serve;

import java.io.IOException;
import java.io.InputStream;
import java.util.Locale;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// Reads the JSON of a request, which anybody may have written: its size, depth and numbers are
/// bounded, and a name that comes twice is an error.
final class Body {
  private static final int MAX_DEPTH = 64;
  private static final int MAX_NUMBER = 64;
  private static final int MAX_NAME = 4096;

  private final int maxBytes;
  private final JsonMapper mapper;

  /// @param maxBytes of a body
  Body(int maxBytes) {
    this.maxBytes = maxBytes;
    StreamReadConstraints constraints =
        StreamReadConstraints.builder()
            .maxNestingDepth(MAX_DEPTH)
            .maxNumberLength(MAX_NUMBER)
            .maxNameLength(MAX_NAME)
            .maxStringLength(maxBytes)
            .maxDocumentLength(maxBytes)
            .build();
    JsonFactory factory = JsonFactory.builder().streamReadConstraints(constraints).build();
    mapper =
        JsonMapper.builder(factory)
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();
  }

  /// @throws ApiError if it is not one JSON object, or too large
  /// @throws IOException if the client sends less than it said
  ObjectNode read(InputStream in) throws IOException {
    byte[] bytes = in.readNBytes(maxBytes + 1);
    if (bytes.length > maxBytes) {
      throw ApiError.of(
          ApiError.Kind.TOO_LARGE,
          "a request body must have at most %d bytes; send less".formatted(maxBytes));
    }
    return parse(bytes);
  }

  private ObjectNode parse(byte[] bytes) {
    try {
      JsonNode json = mapper.readTree(bytes);
      if (json instanceof ObjectNode object) {
        return object;
      }
      throw ApiError.of(
          ApiError.Kind.INVALID,
          "a request body must be a JSON object: kind="
              + json.getNodeType().name().toLowerCase(Locale.ROOT));
    } catch (JacksonException e) {
      throw ApiError.of(
          ApiError.Kind.INVALID,
          "a request body must be JSON: " + String.valueOf(e.getOriginalMessage()));
    }
  }
}
