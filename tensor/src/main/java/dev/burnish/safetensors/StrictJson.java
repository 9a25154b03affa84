package dev.burnish.safetensors;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.TokenStreamFactory;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// JSON of files that are not trusted: bounded depth and sizes, no duplicate names, UTF-8 only.
public final class StrictJson {
  private static final int MAX_DEPTH = 32;

  /// For tokens one by one.
  static final JsonFactory FACTORY =
      JsonFactory.builder()
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(MAX_DEPTH)
                  .maxStringLength(8 << 20)
                  .maxNameLength(4096)
                  .maxNumberLength(64)
                  .build())
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .disable(TokenStreamFactory.Feature.CANONICALIZE_PROPERTY_NAMES)
          .build();

  /// For whole trees.
  public static final JsonMapper MAPPER =
      JsonMapper.builder(FACTORY).enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();

  private StrictJson() {}

  /// The object in `file`.
  ///
  /// @throws CorruptFileException where it is larger than `maxBytes`, no JSON, or no object
  public static ObjectNode object(Path file, long maxBytes) {
    return object(file, read(file, maxBytes));
  }

  /// The content of `file`.
  ///
  /// @throws CorruptFileException where it is larger than `maxBytes`
  public static byte[] read(Path file, long maxBytes) {
    try {
      long size = Files.size(file);
      if (size > maxBytes) {
        throw new CorruptFileException(
            file, "JSON file is too large", "bytes", size, "limit", maxBytes);
      }
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read file=" + file + ": " + e, e);
    }
  }

  /// The object that `json`, the content of `file`, is.
  ///
  /// @throws CorruptFileException where it is no JSON, or no object
  public static ObjectNode object(Path file, byte[] json) {
    CorruptFileException.refuseOther(file, "a JSON object", json);
    try {
      JsonNode node = MAPPER.readTree(json);
      if (node instanceof ObjectNode object) {
        return object;
      }
      throw new CorruptFileException(file, "file must hold a JSON object", "found", node);
    } catch (JacksonException e) {
      throw corrupt(file, e);
    }
  }

  static CorruptFileException corrupt(Path file, JacksonException cause) {
    CorruptFileException corrupt =
        new CorruptFileException(
            file,
            "JSON must be well formed, without duplicate names, at most %d deep"
                .formatted(MAX_DEPTH),
            "problem",
            cause.getOriginalMessage());
    corrupt.initCause(cause);
    return corrupt;
  }

  /// The tree as indented text with a line feed at its end.
  public static byte[] pretty(Object tree) {
    String text = MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(tree);
    return (text + "\n").getBytes(StandardCharsets.UTF_8);
  }
}
