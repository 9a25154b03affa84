package dev.burnish.gguf;

import dev.burnish.safetensors.CorruptFileException;
import dev.burnish.safetensors.ModelFolder;
import dev.burnish.safetensors.StrictJson;
import dev.burnish.text.TextFrame;
import dev.burnish.text.TokenizerException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// The tokenizer keys of a GGUF file from `tokenizer.json`, `tokenizer_config.json`, `config.json`
/// and `chat_template.jinja`. Only byte-level BPE of a known kind has such keys.
final class TokenizerExport {
  private static final long MAX_TOKENIZER = 64L << 20;
  private static final long MAX_TEMPLATE = 4L << 20;

  private final Path file;
  private final ObjectNode tokenizer;
  private final ObjectNode settings;
  private final ObjectNode config;
  private final Map<String, Integer> ids = new HashMap<>();
  private final String[] tokens;
  private final int[] types;

  private TokenizerExport(Path folder, ObjectNode config, int vocabulary) {
    this.file = ModelFolder.file(folder, "tokenizer.json");
    this.tokenizer = StrictJson.object(file, MAX_TOKENIZER);
    this.settings =
        ModelFolder.findFile(folder, "tokenizer_config.json")
            .map(settingsFile -> StrictJson.object(settingsFile, MAX_TOKENIZER))
            .orElseGet(StrictJson.MAPPER::createObjectNode);
    this.config = config;
    this.tokens = new String[vocabulary];
    this.types = new int[vocabulary];
    readTokens();
  }

  /// Puts the keys; a folder without `tokenizer.json` gives a file without tokenizer.
  ///
  /// @param vocabulary rows of the embedding, to which the tokens are padded
  static void put(GgufWriter writer, Path folder, ObjectNode config, int vocabulary) {
    if (ModelFolder.findFile(folder, "tokenizer.json").isPresent()) {
      new TokenizerExport(folder, config, vocabulary).put(writer, folder);
    } else {
      writer.text("tokenizer.ggml.model", "none");
      for (String name : List.of("bos", "eos", "unk", "pad")) {
        configured(config, name).ifPresent(id -> writer.integer(idKey(name), id));
      }
      furtherEnds(writer, config, configured(config, "eos"));
    }
  }

  private void put(GgufWriter writer, Path folder) {
    JsonNode model = tokenizer.path("model");
    if (!model.path("type").asString("").equals("BPE")) {
      throw refuse("tokenizer must be byte-level BPE", "model.type", model.path("type"));
    }
    PreTokenizer kind =
        PreTokenizer.ofHuggingFace(tokenizer)
            .orElseThrow(() ->
                refuse(
                    "splitting must be that of " + Arrays.toString(PreTokenizer.values()),
                    "pre_tokenizer",
                    tokenizer.path("pre_tokenizer")));
    writer.text("tokenizer.ggml.model", "gpt2");
    writer.text("tokenizer.ggml.pre", kind.ggufName());
    writer.texts("tokenizer.ggml.tokens", List.of(tokens));
    writer.integers("tokenizer.ggml.token_type", types);
    writer.texts("tokenizer.ggml.merges", merges(model.path("merges")));
    Frame frame = frame();
    special(writer, "bos", frame.begin());
    special(writer, "eos", frame.end());
    special(writer, "unk", Optional.empty());
    special(writer, "pad", Optional.empty());
    furtherEnds(writer, config, frame.end().or(() -> specialId("eos")));
    writer.flag("tokenizer.ggml.add_space_prefix", false);
    writer.flag("tokenizer.ggml.add_bos_token", frame.begin().isPresent());
    writer.flag("tokenizer.ggml.add_eos_token", frame.end().isPresent());
    template(folder).ifPresent(text -> writer.text("tokenizer.chat_template", text));
  }

  private void readTokens() {
    Arrays.setAll(tokens, id -> "[PAD" + id + "]");
    Arrays.fill(types, GgufTokenizer.UNUSED);
    tokenizer
        .path("model")
        .path("vocab")
        .properties()
        .forEach(entry -> token(entry.getKey(), entry.getValue(), GgufTokenizer.NORMAL));
    for (JsonNode added : tokenizer.path("added_tokens")) {
      boolean special = added.path("special").asBoolean(false);
      token(
          added.path("content").asString(""),
          added.path("id"),
          special ? GgufTokenizer.CONTROL : GgufTokenizer.USER_DEFINED);
    }
  }

  private void token(String text, JsonNode idNode, int type) {
    int id = idNode.asInt(-1);
    if (id < 0 || id >= tokens.length) {
      throw refuse("token ids must be rows of the embedding (" + tokens.length + ")", text, idNode);
    }
    tokens[id] = text;
    types[id] = type;
    ids.put(text, id);
  }

  private static List<String> merges(JsonNode merges) {
    List<String> lines = new ArrayList<>();
    for (JsonNode merge : merges) {
      lines.add(
          merge.isArray()
              ? merge.path(0).asString("") + " " + merge.path(1).asString("")
              : merge.asString(""));
    }
    return lines;
  }

  private void special(GgufWriter writer, String name, Optional<Integer> framing) {
    framing.or(() -> specialId(name)).ifPresent(id -> writer.integer(idKey(name), id));
  }

  private static String idKey(String name) {
    String key =
        switch (name) {
          case "unk" -> "unknown";
          case "pad" -> "padding";
          default -> name;
        };
    return "tokenizer.ggml." + key + "_token_id";
  }

  /// By name from `tokenizer_config.json`, else by id from `config.json`.
  private Optional<Integer> specialId(String name) {
    JsonNode named = settings.path(name + "_token");
    String text = named.isObject() ? named.path("content").asString("") : named.asString("");
    return Optional.ofNullable(ids.get(text)).or(() -> configured(config, name));
  }

  private static Optional<Integer> configured(ObjectNode config, String name) {
    JsonNode id = config.path(name + "_token_id");
    JsonNode first = id.isArray() ? id.path(0) : id;
    return first.isInt() ? Optional.of(first.intValue()) : Optional.empty();
  }

  /// The tokens that end a text beyond the first: a GGUF file has room for two, as the ends of a
  /// turn and of a message.
  private static void furtherEnds(GgufWriter writer, ObjectNode config, Optional<Integer> first) {
    List<Integer> others = new ArrayList<>();
    for (JsonNode id : config.path("eos_token_id")) {
      if (id.isInt() && !first.equals(Optional.of(id.intValue()))) {
        others.add(id.intValue());
      }
    }
    for (int i = 0; i < Math.min(others.size(), GgufTokenizer.FURTHER_ENDS.size()); i++) {
      writer.integer(GgufTokenizer.FURTHER_ENDS.get(i), others.get(i));
    }
  }

  /// The tokens around every plain text, of which a GGUF file can express one before and one after.
  private record Frame(Optional<Integer> begin, Optional<Integer> end) {}

  private Frame frame() {
    JsonNode node = tokenizer.path("post_processor");
    try {
      TextFrame frame = TextFrame.of(node);
      return new Frame(single(frame.before()), single(frame.after()));
    } catch (TokenizerException e) {
      throw refuse(String.valueOf(e.getMessage()), "post_processor", node);
    }
  }

  private Optional<Integer> single(int[] ids) {
    if (ids.length > 1) {
      throw refuse(
          "a GGUF file puts one token before a text and one after it",
          "post_processor",
          Arrays.toString(ids));
    }
    return Arrays.stream(ids).boxed().findFirst();
  }

  private Optional<String> template(Path folder) {
    Optional<String> file =
        ModelFolder.findFile(folder, "chat_template.jinja")
            .map(path -> new String(StrictJson.read(path, MAX_TEMPLATE), StandardCharsets.UTF_8));
    JsonNode inline = settings.path("chat_template");
    if (file.isPresent() || inline.isString()) {
      return file.or(() -> Optional.of(inline.stringValue()));
    }
    for (JsonNode named : inline) {
      if (named.path("name").asString("").equals("default")) {
        return Optional.of(named.path("template").asString(""));
      }
    }
    return Optional.empty();
  }

  private CorruptFileException refuse(String rule, String name, Object value) {
    return CorruptFileException.unsupported(file, rule, name, value);
  }
}
