package dev.burnish.text;

import dev.burnish.text.Vocabulary.AddedToken;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// A `tokenizer.json` with its `tokenizer_config.json`: the tree, and the parts that every
/// tokenizer needs, checked.
record TokenizerJson(TokenizerFiles files, JsonNode root, JsonNode config, Vocabulary vocabulary) {
  private static final JsonMapper MAPPER = JsonMapper.shared();

  static TokenizerJson parse(TokenizerFiles files) {
    JsonNode root = tree(files, TokenizerFiles.TOKENIZER);
    JsonNode config = tree(files, TokenizerFiles.CONFIG);
    try {
      Vocabulary vocabulary = new Vocabulary(modelVocabulary(root.path("model")), added(root));
      return new TokenizerJson(files, root, config, vocabulary);
    } catch (TokenizerException e) {
      throw new TokenizerException(
          "%s of %s: %s".formatted(TokenizerFiles.TOKENIZER, files.origin(), e.getMessage()), e);
    }
  }

  /// The object in that file, an empty one where the file is absent.
  static JsonNode tree(TokenizerFiles files, String name) {
    byte[] content = files.contents().get(name);
    if (content == null) {
      return MAPPER.createObjectNode();
    }
    JsonNode node;
    try {
      node = MAPPER.readTree(content);
    } catch (JacksonException e) {
      throw new TokenizerException(
          "%s of %s is no JSON: %s".formatted(name, files.origin(), e.getOriginalMessage()), e);
    }
    if (!node.isObject()) {
      throw new TokenizerException(
          "%s of %s must hold a JSON object, found %s"
              .formatted(name, files.origin(), node.getNodeType()));
    }
    return node;
  }

  private static Map<String, Integer> modelVocabulary(JsonNode model) {
    JsonNode vocab = model.path("vocab");
    Map<String, Integer> ids = HashMap.newHashMap(vocab.size());
    if (vocab.isObject()) {
      for (Map.Entry<String, JsonNode> entry : vocab.properties()) {
        ids.put(entry.getKey(), integer(entry.getValue(), "model.vocab"));
      }
    } else if (vocab.isArray()) {
      for (JsonNode pair : vocab) {
        if (!pair.isArray() || pair.size() != 2 || !pair.get(0).isString()) {
          throw new TokenizerException("model.vocab must be a list of [token, score]");
        }
        ids.putIfAbsent(pair.get(0).stringValue(), ids.size());
      }
    } else {
      throw new TokenizerException("model.vocab must be an object or a list of [token, score]");
    }
    return ids;
  }

  private static List<AddedToken> added(JsonNode root) {
    List<AddedToken> added = new ArrayList<>();
    for (JsonNode token : root.path("added_tokens")) {
      JsonNode content = token.path("content");
      if (!content.isString() || content.stringValue().isEmpty()) {
        throw new TokenizerException("added_tokens[%d] has no content".formatted(added.size()));
      }
      added.add(
          new AddedToken(
              integer(token.path("id"), "added_tokens.id"),
              content.stringValue(),
              token.path("single_word").asBoolean(false),
              token.path("lstrip").asBoolean(false),
              token.path("rstrip").asBoolean(false),
              token.path("normalized").asBoolean(false),
              token.path("special").asBoolean(false)));
    }
    return added;
  }

  private static int integer(JsonNode node, String where) {
    if (!node.isIntegralNumber() || !node.canConvertToInt()) {
      throw new TokenizerException("%s must be an integer, found %s".formatted(where, node));
    }
    return node.intValue();
  }

  /// The tokens that belong before and after a plain text.
  TextFrame frame() {
    try {
      return TextFrame.of(root.path("post_processor"));
    } catch (TokenizerException e) {
      throw new TokenizerException(
          "%s of %s: %s".formatted(TokenizerFiles.TOKENIZER, files.origin(), e.getMessage()), e);
    }
  }

  /// The text of a special token (`eos_token`) by `tokenizer_config.json`, which writes it as a
  /// string or as an object with `content`.
  Optional<String> specialToken(String name) {
    return specialToken(config, name);
  }

  static Optional<String> specialToken(JsonNode config, String name) {
    JsonNode token = config.path(name);
    JsonNode content = token.isObject() ? token.path("content") : token;
    return content.isString() ? Optional.of(content.stringValue()) : Optional.empty();
  }

  OptionalInt specialId(String name) {
    return specialToken(name).map(vocabulary::id).orElse(OptionalInt.empty());
  }

  /// The tree as text, for the native library.
  String text() {
    return new String(
        java.util.Objects.requireNonNull(files.contents().get(TokenizerFiles.TOKENIZER)),
        StandardCharsets.UTF_8);
  }
}
