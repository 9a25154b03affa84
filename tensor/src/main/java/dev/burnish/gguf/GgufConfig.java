package dev.burnish.gguf;

import dev.burnish.safetensors.CorruptFileException;
import dev.burnish.safetensors.StrictJson;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// The Hugging Face `config.json` and `generation_config.json` of a GGUF file. An unknown key of
/// the architecture is refused by name, since it may change the numbers.
final class GgufConfig {
  private static final Map<String, String> CLASSES =
      Map.of(
          "llama", "LlamaForCausalLM",
          "qwen2", "Qwen2ForCausalLM",
          "qwen3", "Qwen3ForCausalLM",
          "smollm3", "SmolLM3ForCausalLM");

  private static final Set<String> KNOWN =
      Set.of(
          "block_count",
          "context_length",
          "embedding_length",
          "feed_forward_length",
          "vocab_size",
          "attention.head_count",
          "attention.head_count_kv",
          "attention.key_length",
          "attention.value_length",
          "attention.layer_norm_rms_epsilon",
          "rope.freq_base",
          "rope.dimension_count",
          "rope.scaling.type",
          "rope.scaling.factor",
          "rope.scaling.finetuned",
          "rope.scaling.original_context_length",
          "rope.scaling.attn_factor",
          "rope.scaling.yarn_beta_fast",
          "rope.scaling.yarn_beta_slow");

  /// SmolLM3 has no rotary embedding in every fourth layer; llama.cpp has that built in.
  static final int NO_ROPE_INTERVAL = 4;

  private static final int MAX_LAYERS = 1 << 16;

  private final GgufFile file;
  private final GgufMetadata metadata;
  private final String prefix;

  private GgufConfig(GgufFile file) {
    this.file = file;
    this.metadata = file.metadata();
    this.prefix = file.architecture() + ".";
  }

  /// @throws CorruptFileException where a setting is missing, or unknown
  static ObjectNode config(GgufFile file) {
    return new GgufConfig(file).config();
  }

  /// The token ids that end and pad a text; a GGUF file has no sampling defaults.
  static ObjectNode generationConfig(GgufFile file) {
    ObjectNode node = StrictJson.MAPPER.createObjectNode();
    new GgufConfig(file).ids(node);
    return node;
  }

  private ObjectNode config() {
    requireKnownKeys();
    ObjectNode node = StrictJson.MAPPER.createObjectNode();
    node.putArray("architectures").add(CLASSES.get(file.architecture()));
    node.put("model_type", file.architecture());
    sizes(node);
    node.put("attention_dropout", 0.0);
    node.put("hidden_act", "silu");
    node.put("initializer_range", 0.02);
    node.put("rms_norm_eps", number("attention.layer_norm_rms_epsilon"));
    node.put("rope_theta", theta());
    node.putNull("rope_scaling");
    ropeScaling(theta()).ifPresent(scaling -> node.set("rope_scaling", scaling));
    node.put("tie_word_embeddings", !file.names().contains("lm_head.weight"));
    node.put("use_cache", true);
    node.put("dtype", "float32");
    switch (file.architecture()) {
      case "llama" -> llama(node);
      case "smollm3" -> smollm3(node);
      default -> qwen(node);
    }
    ids(node);
    return node;
  }

  private void sizes(ObjectNode node) {
    long hidden = integer("embedding_length");
    long heads = integer("attention.head_count");
    node.put("hidden_size", hidden);
    node.put("intermediate_size", integer("feed_forward_length"));
    node.put("num_hidden_layers", integer("block_count"));
    node.put("num_attention_heads", heads);
    node.put(
        "num_key_value_heads", metadata.integer(prefix + "attention.head_count_kv").orElse(heads));
    node.put("max_position_embeddings", integer("context_length"));
    node.put("vocab_size", vocabulary());
    node.put("head_dim", headDim(hidden, heads));
  }

  private long vocabulary() {
    String embedding = "model.embed_tokens.weight";
    if (!file.names().contains(embedding)) {
      throw refuse("file must have an embedding", "tensor", "token_embd.weight");
    }
    return file.shape(embedding)[0];
  }

  private long headDim(long hidden, long heads) {
    if (heads < 1 || hidden < heads) {
      throw refuse("there must be heads", "attention.head_count", heads);
    }
    long headDim = metadata.integer(prefix + "attention.key_length").orElse(hidden / heads);
    for (String key : new String[] {"attention.value_length", "rope.dimension_count"}) {
      long other = metadata.integer(prefix + key).orElse(headDim);
      if (other != headDim) {
        throw refuse("heads of queries, keys, values and rotation must agree", key, other);
      }
    }
    return headDim;
  }

  private void llama(ObjectNode node) {
    node.put("attention_bias", file.names().contains("model.layers.0.self_attn.q_proj.bias"));
    node.put("mlp_bias", file.names().contains("model.layers.0.mlp.gate_proj.bias"));
    node.put("pretraining_tp", 1);
  }

  private void smollm3(ObjectNode node) {
    node.put("attention_bias", file.names().contains("model.layers.0.self_attn.q_proj.bias"));
    node.put("mlp_bias", file.names().contains("model.layers.0.mlp.gate_proj.bias"));
    node.put("no_rope_layer_interval", NO_ROPE_INTERVAL);
    ArrayNode layers = node.putArray("no_rope_layers");
    long count = integer("block_count");
    if (count > MAX_LAYERS) {
      throw refuse("a model has at most 65536 layers", "block_count", count);
    }
    for (long i = 1; i <= count; i++) {
      layers.add(i % NO_ROPE_INTERVAL == 0 ? 0 : 1);
    }
    node.put("use_sliding_window", false);
    node.putNull("sliding_window");
  }

  private void qwen(ObjectNode node) {
    if (file.architecture().equals("qwen3")) {
      node.put("attention_bias", file.names().contains("model.layers.0.self_attn.q_proj.bias"));
    }
    node.put("use_sliding_window", false);
    node.putNull("sliding_window");
  }

  private double theta() {
    String key = "rope.freq_base";
    return metadata.keys().contains(prefix + key) ? number(key) : 10000.0;
  }

  private Optional<ObjectNode> ropeScaling(double theta) {
    Optional<float[]> factors = file.ropeFactors();
    String type = metadata.text(prefix + "rope.scaling.type").orElse("none");
    if (factors.isPresent()) {
      return RopeFactors.recover(factors.get(), theta)
          .or(() -> {
            throw refuse("factors must be those of Llama 3", GgufNames.ROPE_FACTORS, "other");
          });
    }
    ObjectNode node = StrictJson.MAPPER.createObjectNode();
    switch (type) {
      case "none" -> {
        return Optional.empty();
      }
      case "linear" -> node.put("rope_type", "linear").put("factor", number("rope.scaling.factor"));
      case "yarn" -> yarn(node);
      default -> throw refuse("scaling must be none, linear or yarn", "rope.scaling.type", type);
    }
    return Optional.of(node);
  }

  private void yarn(ObjectNode node) {
    double factor = number("rope.scaling.factor");
    node.put("rope_type", "yarn").put("factor", factor);
    metadata
        .integer(prefix + "rope.scaling.original_context_length")
        .ifPresent(length -> node.put("original_max_position_embeddings", length));
    metadata
        .number(prefix + "rope.scaling.yarn_beta_fast")
        .ifPresent(beta -> node.put("beta_fast", beta));
    metadata
        .number(prefix + "rope.scaling.yarn_beta_slow")
        .ifPresent(beta -> node.put("beta_slow", beta));
    metadata
        .number(prefix + "rope.scaling.attn_factor")
        .ifPresent(share -> node.put("attention_factor", share * RopeFactors.yarnScale(factor)));
  }

  private void ids(ObjectNode node) {
    putId(node, "bos_token_id", "tokenizer.ggml.bos_token_id");
    putId(node, "eos_token_id", "tokenizer.ggml.eos_token_id");
    putFurtherEnds(node);
    putId(node, "pad_token_id", "tokenizer.ggml.padding_token_id");
    putId(node, "unk_token_id", "tokenizer.ggml.unknown_token_id");
  }

  /// Several tokens that end a text are a list in Hugging Face configurations.
  private void putFurtherEnds(ObjectNode node) {
    ArrayNode ends = StrictJson.MAPPER.createArrayNode();
    if (node.has("eos_token_id")) {
      ends.add(node.get("eos_token_id"));
    }
    for (String key : GgufTokenizer.FURTHER_ENDS) {
      metadata
          .integer(key)
          .filter(id -> ends.valueStream().noneMatch(end -> end.longValue() == id))
          .ifPresent(ends::add);
    }
    if (ends.size() > 1) {
      node.set("eos_token_id", ends);
    }
  }

  private void putId(ObjectNode node, String name, String key) {
    metadata.integer(key).ifPresent(id -> node.put(name, id));
  }

  private void requireKnownKeys() {
    for (String key : metadata.keys()) {
      boolean known = !key.startsWith(prefix) || KNOWN.contains(key.substring(prefix.length()));
      if (!known && !isZero(key)) {
        throw refuse("setting must be known", "key", key);
      }
    }
  }

  /// Settings that enable nothing, such as `expert_count` 0.
  private boolean isZero(String key) {
    try {
      return metadata.integer(key).orElse(1L) == 0;
    } catch (CorruptFileException e) {
      return false;
    }
  }

  private long integer(String key) {
    return metadata
        .integer(prefix + key)
        .filter(value -> value >= 0 && value <= Integer.MAX_VALUE)
        .orElseThrow(() -> refuse("setting must be there and fit 31 bits", "key", prefix + key));
  }

  private double number(String key) {
    return metadata
        .number(prefix + key)
        .filter(Double::isFinite)
        .orElseThrow(() -> refuse("setting must be there and finite", "key", prefix + key));
  }

  private CorruptFileException refuse(String rule, String name, Object value) {
    return CorruptFileException.unsupported(file.path(), rule, name, value);
  }
}
