package dev.burnish.gguf;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// How byte-level BPE tokenizers split text before merging: known to GGUF files by name, to
/// `tokenizer.json` by its parts. Source: `llm_tokenizer_bpe` of llama.cpp, and published
/// `tokenizer.json` files.
enum PreTokenizer {
  GPT2(List.of("gpt-2", "default"), "GPT2Tokenizer", "", false),
  SMOLLM(List.of("smollm"), "GPT2Tokenizer", "", false),
  LLAMA3(List.of("llama-bpe", "llama3", "llama-v3"), "PreTrainedTokenizerFast", "{1,3}", true),
  QWEN2(List.of("qwen2"), "Qwen2Tokenizer", "", false);

  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  @SuppressWarnings("ImmutableEnumChecker") // made by List.of
  private final List<String> names;

  private final String tokenizerClass;
  private final String digits;
  private final boolean ignoresMerges;

  PreTokenizer(List<String> names, String tokenizerClass, String digits, boolean ignoresMerges) {
    this.names = names;
    this.tokenizerClass = tokenizerClass;
    this.digits = digits;
    this.ignoresMerges = ignoresMerges;
  }

  /// The kind of that name in GGUF files.
  static Optional<PreTokenizer> ofGguf(String name) {
    return Arrays.stream(values()).filter(kind -> kind.names.contains(name)).findFirst();
  }

  /// The kind that a `tokenizer.json` describes.
  static Optional<PreTokenizer> ofHuggingFace(ObjectNode tokenizer) {
    JsonNode split = canonical(tokenizer.path("pre_tokenizer"));
    JsonNode normalizer = tokenizer.path("normalizer");
    return Arrays.stream(values())
        .filter(kind -> canonical(kind.preTokenizer()).equals(split))
        .filter(kind -> kind.normalizer().equals(normalizer))
        .findFirst();
  }

  static List<String> ggufNames() {
    List<String> names = new ArrayList<>();
    Arrays.stream(values()).forEach(kind -> names.addAll(kind.names));
    return names;
  }

  String ggufName() {
    return names.getFirst();
  }

  String tokenizerClass() {
    return tokenizerClass;
  }

  /// Whether a piece that is itself a token is taken without merging.
  boolean ignoresMerges() {
    return ignoresMerges;
  }

  JsonNode normalizer() {
    return this == QWEN2 ? JSON.objectNode().put("type", "NFC") : JSON.nullNode();
  }

  ObjectNode preTokenizer() {
    return switch (this) {
      case GPT2 -> byteLevel(false, true);
      case SMOLLM -> sequence(digits(), byteLevel(false, true));
      case LLAMA3, QWEN2 -> sequence(split(), byteLevel(false, false));
    };
  }

  /// The byte-level part, as pre-tokenizer or (with a leading space that is ignored) as decoder.
  static ObjectNode byteLevel(boolean addPrefixSpace, boolean useRegex) {
    return JSON.objectNode()
        .put("type", "ByteLevel")
        .put("add_prefix_space", addPrefixSpace)
        .put("trim_offsets", true)
        .put("use_regex", useRegex);
  }

  private static ObjectNode sequence(ObjectNode... parts) {
    ObjectNode node = JSON.objectNode().put("type", "Sequence");
    ArrayNode list = node.putArray("pretokenizers");
    Arrays.stream(parts).forEach(list::add);
    return node;
  }

  private static ObjectNode digits() {
    return JSON.objectNode().put("type", "Digits").put("individual_digits", true);
  }

  private ObjectNode split() {
    ObjectNode node = JSON.objectNode().put("type", "Split");
    node.putObject("pattern")
        .put(
            "Regex",
            "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}%s| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"
                .formatted(digits));
    return node.put("behavior", "Isolated").put("invert", false);
  }

  /// Without the settings that do not change the split: trimming of offsets, and `use_regex` where
  /// it is true.
  private static JsonNode canonical(JsonNode node) {
    JsonNode copy = node.deepCopy();
    copy.findParents("trim_offsets")
        .forEach(parent -> ((ObjectNode) parent).remove("trim_offsets"));
    for (JsonNode parent : copy.findParents("use_regex")) {
      if (parent.path("use_regex").asBoolean()) {
        ((ObjectNode) parent).remove("use_regex");
      }
    }
    return copy;
  }
}
