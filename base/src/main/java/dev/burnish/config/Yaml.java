package dev.burnish.config;

import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.MapperFeature;
import tools.jackson.databind.exc.MismatchedInputException;
import tools.jackson.databind.exc.ValueInstantiationException;
import tools.jackson.databind.node.MissingNode;
import tools.jackson.dataformat.yaml.YAMLMapper;
import tools.jackson.dataformat.yaml.YAMLWriteFeature;

/// YAML text, trees and records, with one-line errors.
final class Yaml {
  private static final YAMLMapper MAPPER =
      YAMLMapper.builder()
          .addModule(Scalars.module())
          .enable(MapperFeature.INFER_RECORD_GETTERS_FROM_COMPONENTS_ONLY)
          .disable(MapperFeature.SORT_PROPERTIES_ALPHABETICALLY)
          .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
          .enable(MapperFeature.ACCEPT_CASE_INSENSITIVE_ENUMS)
          .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES)
          .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
          .disable(YAMLWriteFeature.WRITE_DOC_START_MARKER)
          .disable(YAMLWriteFeature.SPLIT_LINES)
          .enable(YAMLWriteFeature.MINIMIZE_QUOTES)
          .enable(YAMLWriteFeature.ALWAYS_QUOTE_NUMBERS_AS_STRINGS)
          .build();

  private Yaml() {}

  static JsonNode parse(String source, String text) {
    if (text.isBlank()) {
      return MissingNode.getInstance();
    }
    try {
      return MAPPER.readTree(text);
    } catch (JacksonException e) {
      throw new ConfigException(
          "cannot read YAML: source=%s%s: %s".formatted(source, place(e), firstLine(e)), e);
    }
  }

  static JsonNode toTree(Record config) {
    return Inlining.flatten(config.getClass(), MAPPER.<JsonNode>valueToTree(config));
  }

  static String write(JsonNode tree) {
    return MAPPER.writeValueAsString(tree);
  }

  static <T> T bind(JsonNode tree, Class<T> type) {
    JsonNode records = Inlining.nest(type, tree);
    try {
      return MAPPER.treeToValue(records, type);
    } catch (JacksonException e) {
      throw translate(e, records, type);
    }
  }

  /// A short form of a value for messages.
  static String describe(JsonNode node) {
    String text = node.toString();
    return text.length() <= 80 ? text : text.substring(0, 77) + "...";
  }

  private static ConfigException translate(JacksonException e, JsonNode tree, Class<?> type) {
    String key = Inlining.key(type, e.getPath().stream().map(Yaml::name).toList());
    @Nullable Throwable cause = e.getCause();
    if (e instanceof ValueInstantiationException && cause != null) {
      String message = String.valueOf(cause.getMessage());
      return new ConfigException(
          key.isEmpty() || message.contains(key) ? message : key + ": " + message, cause);
    }
    if (e instanceof MismatchedInputException mismatch && mismatch.getTargetType() != null) {
      if (at(tree, e).isMissingNode()) {
        return new ConfigException("a value is missing: key=%s; give it".formatted(key), e);
      }
      return new ConfigException(
          "wrong type: %s=%s; expected %s"
              .formatted(key, describe(at(tree, e)), Scalars.expected(mismatch.getTargetType())),
          e);
    }
    return new ConfigException("cannot use %s: %s".formatted(key, firstLine(e)), e);
  }

  private static JsonNode at(JsonNode tree, JacksonException e) {
    JsonNode node = tree;
    for (JacksonException.Reference reference : e.getPath()) {
      node =
          reference.getPropertyName() == null
              ? node.path(reference.getIndex())
              : node.path(reference.getPropertyName());
    }
    return node;
  }

  private static String name(JacksonException.Reference reference) {
    @Nullable String name = reference.getPropertyName();
    return name == null ? Integer.toString(reference.getIndex()) : name;
  }

  private static String place(JacksonException e) {
    @Nullable TokenStreamLocation location = e.getLocation();
    return location == null || location.getLineNr() < 1 ? "" : ", line=" + location.getLineNr();
  }

  private static String firstLine(JacksonException e) {
    return String.valueOf(e.getOriginalMessage()).lines().findFirst().orElse("no reason given");
  }
}
