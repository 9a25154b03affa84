package dev.burnish.gguf;

import dev.burnish.gguf.RopeFactors.Llama3;
import dev.burnish.safetensors.CorruptFileException;
import dev.burnish.safetensors.LittleEndian;
import dev.burnish.safetensors.StrictJson;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// The keys of a GGUF file from a Hugging Face `config.json`. A setting that GGUF files of that
/// architecture cannot express is refused by name.
final class GgufExport {
  private static final Map<String, String> ARCHITECTURES =
      Map.of(
          "llama", "llama",
          "mistral", "llama",
          "qwen2", "qwen2",
          "qwen3", "qwen3",
          "smollm3", "smollm3");

  private static final Set<String> REFUSED =
      Set.of(
          "quantization_config",
          "num_local_experts",
          "num_experts",
          "attention_multiplier",
          "embedding_multiplier",
          "residual_multiplier",
          "logits_scaling",
          "logit_scale",
          "final_logit_softcapping",
          "attn_logit_softcapping");

  private final Path file;
  private final ObjectNode config;
  private final String architecture;

  private GgufExport(Path file, ObjectNode config) {
    this.file = file;
    this.config = config;
    String type = config.path("model_type").asString("");
    this.architecture =
        Optional.ofNullable(ARCHITECTURES.get(type))
            .orElseThrow(
                () -> refuse("model_type must be one of " + ARCHITECTURES.keySet(), "model_type"));
  }

  static GgufExport of(Path configFile) {
    return new GgufExport(configFile, StrictJson.object(configFile, 1 << 20));
  }

  String architecture() {
    return architecture;
  }

  boolean isTied() {
    return config.path("tie_word_embeddings").asBoolean(architecture.equals("smollm3"));
  }

  long heads() {
    return integer("num_attention_heads");
  }

  long keyHeads() {
    return config.path("num_key_value_heads").asLong(heads());
  }

  int headDim() {
    return Math.toIntExact(config.path("head_dim").asLong(integer("hidden_size") / heads()));
  }

  ObjectNode config() {
    return config;
  }

  /// Puts all keys of the architecture, and the tensor of rotary factors where there is one.
  void put(GgufWriter writer, long vocabulary) {
    requireExpressible();
    String prefix = architecture + ".";
    writer.integer(prefix + "vocab_size", vocabulary);
    writer.integer(prefix + "context_length", integer("max_position_embeddings"));
    writer.integer(prefix + "embedding_length", integer("hidden_size"));
    writer.integer(prefix + "block_count", integer("num_hidden_layers"));
    writer.integer(prefix + "feed_forward_length", integer("intermediate_size"));
    writer.integer(prefix + "attention.head_count", heads());
    writer.integer(prefix + "attention.head_count_kv", keyHeads());
    writer.integer(prefix + "attention.key_length", headDim());
    writer.integer(prefix + "attention.value_length", headDim());
    writer.integer(prefix + "rope.dimension_count", headDim());
    writer.number(prefix + "rope.freq_base", theta());
    writer.number(prefix + "attention.layer_norm_rms_epsilon", number(config, "rms_norm_eps"));
    putRope(writer, prefix + "rope.scaling.");
  }

  private void putRope(GgufWriter writer, String prefix) {
    JsonNode rope = rope();
    String type = ropeType(rope);
    switch (type) {
      case "default" -> {}
      case "linear" -> {
        writer.text(prefix + "type", "linear");
        writer.number(prefix + "factor", number(rope, "factor"));
      }
      case "yarn" -> putYarn(writer, prefix, rope);
      case "llama3" -> putLlama3(writer, rope);
      default ->
          throw refuse("rotary scaling of GGUF files is linear, yarn or llama3", "rope_type");
    }
  }

  private void putYarn(GgufWriter writer, String prefix, JsonNode rope) {
    double factor = number(rope, "factor");
    writer.text(prefix + "type", "yarn");
    writer.number(prefix + "factor", factor);
    writer.integer(
        prefix + "original_context_length",
        rope.path("original_max_position_embeddings").asLong(integer("max_position_embeddings")));
    if (rope.hasNonNull("beta_fast")) {
      writer.number(prefix + "yarn_beta_fast", number(rope, "beta_fast"));
    }
    if (rope.hasNonNull("beta_slow")) {
      writer.number(prefix + "yarn_beta_slow", number(rope, "beta_slow"));
    }
    if (rope.hasNonNull("attention_factor")) {
      double share = number(rope, "attention_factor") / RopeFactors.yarnScale(factor);
      writer.number(prefix + "attn_factor", share);
    }
    if (rope.hasNonNull("mscale") || rope.hasNonNull("mscale_all_dim")) {
      throw refuse("GGUF files of this architecture have no mscale", "mscale");
    }
  }

  private void putLlama3(GgufWriter writer, JsonNode rope) {
    Llama3 settings =
        new Llama3(
            theta(),
            number(rope, "factor"),
            number(rope, "low_freq_factor"),
            number(rope, "high_freq_factor"),
            number(rope, "original_max_position_embeddings"));
    float[] factors = RopeFactors.of(settings, headDim());
    writer.tensor(
        GgufNames.ROPE_FACTORS,
        GgmlType.F32,
        new long[] {factors.length},
        arena -> arena.allocateFrom(LittleEndian.FLOAT, factors));
  }

  private void requireExpressible() {
    for (String key : REFUSED) {
      if (config.hasNonNull(key)) {
        throw refuse("GGUF files of this architecture cannot say this", key);
      }
    }
    if (!config.path("hidden_act").asString("silu").equals("silu")) {
      throw refuse("activation must be silu", "hidden_act");
    }
    if (config.path("partial_rotary_factor").asDouble(1) != 1) {
      throw refuse("whole heads must be rotated", "partial_rotary_factor");
    }
    boolean slides = config.path("use_sliding_window").asBoolean(true);
    if (config.hasNonNull("sliding_window") && slides) {
      throw refuse("GGUF files of this architecture have no sliding window", "sliding_window");
    }
    if (architecture.equals("smollm3")) {
      requireNoRopeEveryFourth();
    }
  }

  private void requireNoRopeEveryFourth() {
    JsonNode layers = config.path("no_rope_layers");
    boolean fits =
        config.path("no_rope_layer_interval").asInt(GgufConfig.NO_ROPE_INTERVAL)
            == GgufConfig.NO_ROPE_INTERVAL;
    for (int i = 0; i < layers.size(); i++) {
      boolean rotated = (i + 1) % GgufConfig.NO_ROPE_INTERVAL != 0;
      fits &= (layers.path(i).asInt(-1) == 1) == rotated;
    }
    if (!fits) {
      throw refuse("llama.cpp has no rotation in every fourth layer, built in", "no_rope_layers");
    }
  }

  private double theta() {
    JsonNode parameters = config.path("rope_parameters").path("rope_theta");
    return parameters.isNumber()
        ? parameters.asDouble()
        : config.path("rope_theta").asDouble(10000.0);
  }

  /// Either spelling: `rope_parameters`, or `rope_scaling` together with `rope_theta`.
  private JsonNode rope() {
    JsonNode parameters = config.path("rope_parameters");
    return parameters.isObject() ? parameters : config.path("rope_scaling");
  }

  private static String ropeType(JsonNode rope) {
    return rope.path("rope_type").asString(rope.path("type").asString("default"));
  }

  private long integer(String key) {
    JsonNode value = config.path(key);
    if (!value.isIntegralNumber() || value.asLong() < 1 || value.asLong() > Integer.MAX_VALUE) {
      throw refuse("setting must be a positive integer", key);
    }
    return value.asLong();
  }

  private double number(JsonNode node, String key) {
    if (!node.path(key).isNumber()) {
      throw refuse("setting must be a number", key);
    }
    return node.path(key).asDouble();
  }

  private CorruptFileException refuse(String rule, String key) {
    JsonNode value = config.has(key) ? config.path(key) : config.path("rope_scaling");
    return CorruptFileException.unsupported(file, rule, "key", key, "value", value);
  }
}
