package dev.burnish.safetensors;

import java.util.List;
import java.util.Optional;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// The Hugging Face `tokenizer.json` and `tokenizer_config.json` of a GGUF file with a byte-level
/// BPE tokenizer.
final class GgufTokenizer {
  /// Token types of GGUF files. Keys of tokens that end a text, beside
  /// `tokenizer.ggml.eos_token_id`.
  static final List<String> FURTHER_ENDS =
      List.of("tokenizer.ggml.eot_token_id", "tokenizer.ggml.eom_token_id");

  static final int NORMAL = 1;

  static final int CONTROL = 3;
  static final int USER_DEFINED = 4;
  static final int UNUSED = 5;

  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  private final GgufFile file;
  private final GgufMetadata metadata;
  private final List<String> tokens;
  private final PreTokenizer kind;

  private GgufTokenizer(GgufFile file) {
    this.file = file;
    this.metadata = file.metadata();
    String model = metadata.text("tokenizer.ggml.model").orElse("none");
    if (!model.equals("gpt2")) {
      throw CorruptFileException.unsupported(
          file.path(), "tokenizer must be gpt2 (byte-level BPE)", "tokenizer.ggml.model", model);
    }
    String pre = metadata.text("tokenizer.ggml.pre").orElse("default");
    this.kind =
        PreTokenizer.ofGguf(pre)
            .orElseThrow(() ->
                CorruptFileException.unsupported(
                    file.path(),
                    "pre-tokenizer must be one of " + PreTokenizer.ggufNames(),
                    "tokenizer.ggml.pre",
                    pre));
    this.tokens = metadata.texts("tokenizer.ggml.tokens");
  }

  /// Whether the file has a tokenizer at all.
  static boolean isPresent(GgufFile file) {
    String model = file.metadata().text("tokenizer.ggml.model").orElse("none");
    return !model.equals("none") && !model.equals("no_vocab");
  }

  /// @throws CorruptFileException where the tokenizer is of a kind that is not known, named in the
  ///   text
  static ObjectNode tokenizer(GgufFile file) {
    return new GgufTokenizer(file).tokenizer();
  }

  /// @throws CorruptFileException where the tokenizer is of a kind that is not known, named in the
  ///   text
  static ObjectNode tokenizerConfig(GgufFile file) {
    return new GgufTokenizer(file).tokenizerConfig();
  }

  private ObjectNode tokenizer() {
    long[] types = metadata.integers("tokenizer.ggml.token_type");
    ObjectNode root = JSON.objectNode();
    root.put("version", "1.0");
    root.putNull("truncation");
    root.putNull("padding");
    ArrayNode added = root.putArray("added_tokens");
    ObjectNode vocab = JSON.objectNode();
    for (int id = 0; id < tokens.size(); id++) {
      long type = id < types.length ? types[id] : NORMAL;
      if (type == CONTROL || type == USER_DEFINED) {
        added.add(addedToken(id, type == CONTROL));
      }
      if (type != UNUSED && vocab.replace(tokens.get(id), JSON.numberNode(id)) != null) {
        throw new CorruptFileException(
            file.path(), "tokens must be distinct", "id", id, "token", tokens.get(id));
      }
    }
    root.set("normalizer", kind.normalizer());
    root.set("pre_tokenizer", kind.preTokenizer());
    root.set("post_processor", postProcessor());
    root.set("decoder", PreTokenizer.byteLevel(true, true));
    root.set("model", model(vocab));
    return root;
  }

  private ObjectNode addedToken(int id, boolean special) {
    return JSON.objectNode()
        .put("id", id)
        .put("content", tokens.get(id))
        .put("single_word", false)
        .put("lstrip", false)
        .put("rstrip", false)
        .put("normalized", false)
        .put("special", special);
  }

  private ObjectNode model(ObjectNode vocab) {
    ObjectNode model = JSON.objectNode();
    model.put("type", "BPE").putNull("dropout").putNull("unk_token");
    model.put("continuing_subword_prefix", "").put("end_of_word_suffix", "");
    model.put("fuse_unk", false).put("byte_fallback", false);
    model.put("ignore_merges", kind.ignoresMerges());
    model.set("vocab", vocab);
    ArrayNode merges = model.putArray("merges");
    for (String merge : metadata.texts("tokenizer.ggml.merges")) {
      int space = merge.indexOf(' ', 1);
      if (space < 0 || space == merge.length() - 1) {
        throw new CorruptFileException(
            file.path(), "a merge must be two tokens with a space between", "merge", merge);
      }
      merges.addArray().add(merge.substring(0, space)).add(merge.substring(space + 1));
    }
    return model;
  }

  private ObjectNode postProcessor() {
    ObjectNode node = JSON.objectNode();
    node.put("type", "TemplateProcessing");
    Optional<String> begin =
        metadata.flag("tokenizer.ggml.add_bos_token").orElse(false)
            ? special("bos")
            : Optional.empty();
    ArrayNode single = node.putArray("single");
    begin.ifPresent(token -> single.add(specialPiece(token, 0)));
    single.add(sequence("A", 0));
    ArrayNode pair = node.putArray("pair");
    begin.ifPresent(token -> pair.add(specialPiece(token, 0)));
    pair.add(sequence("A", 0));
    begin.ifPresent(token -> pair.add(specialPiece(token, 1)));
    pair.add(sequence("B", 1));
    ObjectNode special = node.putObject("special_tokens");
    begin.ifPresent(token -> {
      ObjectNode entry = special.putObject(token).put("id", token);
      entry.putArray("ids").add(id("bos").orElseThrow());
      entry.putArray("tokens").add(token);
    });
    return node;
  }

  private static ObjectNode sequence(String id, int typeId) {
    ObjectNode node = JSON.objectNode();
    node.putObject("Sequence").put("id", id).put("type_id", typeId);
    return node;
  }

  private static ObjectNode specialPiece(String token, int typeId) {
    ObjectNode node = JSON.objectNode();
    node.putObject("SpecialToken").put("id", token).put("type_id", typeId);
    return node;
  }

  private ObjectNode tokenizerConfig() {
    ObjectNode node = JSON.objectNode();
    node.put("add_prefix_space", false);
    node.put("clean_up_tokenization_spaces", false);
    special("bos").ifPresent(token -> node.put("bos_token", token));
    special("eos").ifPresent(token -> node.put("eos_token", token));
    special("padding").ifPresent(token -> node.put("pad_token", token));
    special("unknown").ifPresent(token -> node.put("unk_token", token));
    metadata
        .flag("tokenizer.ggml.add_bos_token")
        .filter(Boolean::booleanValue)
        .ifPresent(add -> node.put("add_bos_token", true));
    metadata
        .integer(file.architecture() + ".context_length")
        .ifPresent(length -> node.put("model_max_length", length));
    node.put("tokenizer_class", kind.tokenizerClass());
    metadata
        .text("tokenizer.chat_template")
        .ifPresent(template -> node.put("chat_template", template));
    return node;
  }

  private Optional<Integer> id(String name) {
    return metadata
        .integer("tokenizer.ggml." + name + "_token_id")
        .filter(id -> id >= 0 && id < tokens.size())
        .map(Math::toIntExact);
  }

  private Optional<String> special(String name) {
    return id(name).map(tokens::get);
  }
}
