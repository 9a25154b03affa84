package dev.burnish.gguf;

import dev.burnish.safetensors.CorruptFileException;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// The Hugging Face `tokenizer.json` and `tokenizer_config.json` of a GGUF file: of byte-level BPE
/// or of SentencePiece.
final class GgufTokenizer {
  /// Token types of GGUF files. Keys of tokens that end a text, in addition to
  /// `tokenizer.ggml.eos_token_id`.
  static final List<String> FURTHER_ENDS =
      List.of("tokenizer.ggml.eot_token_id", "tokenizer.ggml.eom_token_id");

  static final int NORMAL = 1;

  static final int UNKNOWN = 2;
  static final int CONTROL = 3;
  static final int USER_DEFINED = 4;
  static final int UNUSED = 5;

  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  private final GgufFile file;
  private final GgufMetadata metadata;
  private final List<String> tokens;
  private final TokenizerKind kind;

  private GgufTokenizer(GgufFile file) {
    this.file = file;
    this.metadata = file.metadata();
    this.kind = kind();
    this.tokens = metadata.texts("tokenizer.ggml.tokens");
  }

  private TokenizerKind kind() {
    String model = metadata.text("tokenizer.ggml.model").orElse("none");
    return switch (model) {
      case "gpt2" -> new TokenizerKind.ByteLevel(splits());
      case "llama" ->
          new TokenizerKind.SentencePiece(
              metadata.flag("tokenizer.ggml.add_space_prefix").orElse(true));
      default ->
          throw CorruptFileException.unsupported(
              file.path(),
              "tokenizer must be gpt2 (byte-level BPE) or llama (SentencePiece)",
              "tokenizer.ggml.model",
              model);
    };
  }

  private PreTokenizer splits() {
    String pre = metadata.text("tokenizer.ggml.pre").orElse("default");
    return PreTokenizer.ofGguf(pre)
        .orElseThrow(() ->
            CorruptFileException.unsupported(
                file.path(),
                "pre-tokenizer must be one of " + PreTokenizer.ggufNames(),
                "tokenizer.ggml.pre",
                pre));
  }

  /// Whether the file has a tokenizer.
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
      if (type == CONTROL || type == USER_DEFINED || type == UNKNOWN) {
        added.add(addedToken(id, type != USER_DEFINED));
      }
      if (type != UNUSED && vocab.replace(tokens.get(id), JSON.numberNode(id)) != null) {
        throw new CorruptFileException(
            file.path(), "tokens must be distinct", "id", id, "token", tokens.get(id));
      }
    }
    root.set("normalizer", kind.normalizer());
    root.set("pre_tokenizer", kind.preTokenizer());
    root.set("post_processor", postProcessor());
    root.set("decoder", kind.decoder());
    root.set("model", model(vocab, types));
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

  private ObjectNode model(ObjectNode vocab, long[] types) {
    ObjectNode model = kind.model(special("unknown").orElseGet(() -> unknown(types)));
    model.set("vocab", vocab);
    ArrayNode merges = model.putArray("merges");
    if (kind instanceof TokenizerKind.SentencePiece) {
      scored(types).writeTo(merges);
    } else {
      written(merges);
    }
    return model;
  }

  /// The first token of that type, empty if there is none.
  private String unknown(long[] types) {
    for (int id = 0; id < Math.min(types.length, tokens.size()); id++) {
      if (types[id] == UNKNOWN) {
        return tokens.get(id);
      }
    }
    return "";
  }

  /// The pieces of plain text; control tokens and bytes are not among them, whatever their score.
  private SentencePieceMerges scored(long[] types) {
    float[] scores = metadata.numbers("tokenizer.ggml.scores");
    if (scores.length != tokens.size()) {
      throw new CorruptFileException(
          file.path(),
          "every token must have a score",
          "tokens",
          tokens.size(),
          "tokenizer.ggml.scores",
          scores.length);
    }
    SentencePieceMerges merges = new SentencePieceMerges();
    for (int id = 0; id < scores.length; id++) {
      if (id >= types.length || types[id] == NORMAL) {
        merges.add(tokens.get(id), id, scores[id]);
      }
    }
    return merges;
  }

  private void written(ArrayNode merges) {
    for (String merge : metadata.texts("tokenizer.ggml.merges")) {
      int space = merge.indexOf(' ', 1);
      if (space < 0 || space == merge.length() - 1) {
        throw new CorruptFileException(
            file.path(), "a merge must be two tokens with a space between", "merge", merge);
      }
      merges.addArray().add(merge.substring(0, space)).add(merge.substring(space + 1));
    }
  }

  private ObjectNode postProcessor() {
    ObjectNode node = JSON.objectNode();
    node.put("type", "TemplateProcessing");
    Optional<String> begin = addsBegin() ? special("bos") : Optional.empty();
    Optional<String> end = adds("eos", false) ? special("eos") : Optional.empty();
    ArrayNode single = node.putArray("single");
    text(single, begin, "A", end);
    ArrayNode pair = node.putArray("pair");
    text(pair, begin, "A", end);
    text(pair, begin, "B", end);
    ObjectNode special = node.putObject("special_tokens");
    begin.ifPresent(token -> specialToken(special, token, "bos"));
    end.ifPresent(token -> specialToken(special, token, "eos"));
    return node;
  }

  private boolean addsBegin() {
    return adds("bos", kind.addsBegin());
  }

  private boolean adds(String name, boolean otherwise) {
    return metadata.flag("tokenizer.ggml.add_" + name + "_token").orElse(otherwise);
  }

  private static void text(
      ArrayNode pieces, Optional<String> begin, String sequence, Optional<String> end) {
    int typeId = sequence.equals("A") ? 0 : 1;
    begin.ifPresent(token -> pieces.add(specialPiece(token, typeId)));
    pieces.add(sequence(sequence, typeId));
    end.ifPresent(token -> pieces.add(specialPiece(token, typeId)));
  }

  private void specialToken(ObjectNode tokens, String token, String name) {
    ObjectNode entry = tokens.putObject(token).put("id", token);
    entry.putArray("ids").add(id(name).orElseThrow());
    entry.putArray("tokens").add(token);
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
    if (addsBegin()) {
      node.put("add_bos_token", true);
    }
    if (adds("eos", false)) {
      node.put("add_eos_token", true);
    }
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
        .or(() -> kind.specialId(name))
        .filter(id -> id >= 0 && id < tokens.size())
        .map(Math::toIntExact);
  }

  private Optional<String> special(String name) {
    return id(name).map(tokens::get);
  }
}
