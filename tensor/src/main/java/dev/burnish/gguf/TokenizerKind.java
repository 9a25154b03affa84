package dev.burnish.gguf;

import java.util.List;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// The two kinds of tokenizer in GGUF files, and the differences in their `tokenizer.json`.
sealed interface TokenizerKind {
  JsonNode normalizer();

  JsonNode preTokenizer();

  JsonNode decoder();

  String tokenizerClass();

  /// Whether a begin token stands before every text where the file does not say.
  boolean addsBegin();

  /// The id of a special token where the file does not say.
  Optional<Long> specialId(String name);

  /// The settings of the model, without its vocabulary.
  ///
  /// @param unknown the token for text without one, empty if there is none
  ObjectNode model(String unknown);

  /// `tokenizer.ggml.model=gpt2`.
  record ByteLevel(PreTokenizer splits) implements TokenizerKind {
    @Override
    public JsonNode normalizer() {
      return splits.normalizer();
    }

    @Override
    public JsonNode preTokenizer() {
      return splits.preTokenizer();
    }

    @Override
    public JsonNode decoder() {
      return PreTokenizer.byteLevel(true, true);
    }

    @Override
    public String tokenizerClass() {
      return splits.tokenizerClass();
    }

    /// As llama.cpp: of these only the splits of Llama 3 come with one.
    @Override
    public boolean addsBegin() {
      return splits == PreTokenizer.LLAMA3;
    }

    @Override
    public Optional<Long> specialId(String name) {
      return Optional.empty();
    }

    @Override
    public ObjectNode model(String unknown) {
      ObjectNode model = JsonNodeFactory.instance.objectNode();
      model.put("type", "BPE").putNull("dropout").putNull("unk_token");
      model.put("continuing_subword_prefix", "").put("end_of_word_suffix", "");
      model.put("fuse_unk", false).put("byte_fallback", false);
      return model.put("ignore_merges", splits.ignoresMerges());
    }
  }

  /// `tokenizer.ggml.model=llama`: SentencePiece, whose pieces write a space as U+2581, and bytes
  /// that are in no piece as `<0x0A>`.
  ///
  /// @param spacePrefix whether a text begins with a space of its own
  record SentencePiece(boolean spacePrefix) implements TokenizerKind {
    private static final String SPACE = "\u2581";

    @Override
    public JsonNode normalizer() {
      ObjectNode space = replace(" ", SPACE);
      return spacePrefix
          ? sequence("normalizers", List.of(node("Prepend").put("prepend", SPACE), space))
          : space;
    }

    @Override
    public JsonNode preTokenizer() {
      return JsonNodeFactory.instance.nullNode();
    }

    @Override
    public JsonNode decoder() {
      ObjectNode strip = node("Strip").put("content", " ").put("start", 1).put("stop", 0);
      List<ObjectNode> steps = List.of(replace(SPACE, " "), node("ByteFallback"), node("Fuse"));
      return sequence(
          "decoders",
          spacePrefix ? List.of(steps.get(0), steps.get(1), steps.get(2), strip) : steps);
    }

    @Override
    public String tokenizerClass() {
      return "PreTrainedTokenizerFast";
    }

    @Override
    public boolean addsBegin() {
      return true;
    }

    /// As llama.cpp.
    @Override
    public Optional<Long> specialId(String name) {
      return switch (name) {
        case "bos" -> Optional.of(1L);
        case "eos" -> Optional.of(2L);
        default -> Optional.empty();
      };
    }

    @Override
    public ObjectNode model(String unknown) {
      ObjectNode model = node("BPE");
      model.putNull("dropout");
      if (unknown.isEmpty()) {
        model.putNull("unk_token");
      } else {
        model.put("unk_token", unknown);
      }
      model.putNull("continuing_subword_prefix").putNull("end_of_word_suffix");
      return model.put("fuse_unk", true).put("byte_fallback", true).put("ignore_merges", false);
    }

    private static ObjectNode node(String type) {
      return JsonNodeFactory.instance.objectNode().put("type", type);
    }

    private static ObjectNode replace(String from, String to) {
      ObjectNode node = node("Replace");
      node.putObject("pattern").put("String", from);
      return node.put("content", to);
    }

    private static ObjectNode sequence(String name, List<ObjectNode> steps) {
      ObjectNode node = node("Sequence");
      steps.forEach(node.putArray(name)::add);
      return node;
    }
  }
}
