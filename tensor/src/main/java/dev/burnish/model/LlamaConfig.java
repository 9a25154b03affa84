package dev.burnish.model;

import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// Sizes of a new Llama decoder.
///
/// @param vocabulary token ids
/// @param maxPositions tokens of the longest sequence
/// @param ropeTheta base of the rotary positions: 10 000 is usual, smaller values suit short
///   sequences
/// @param initializerRange standard deviation of the random weights
/// @param endToken that ends a completion
public record LlamaConfig(
    int vocabulary,
    int hidden,
    int intermediate,
    int layers,
    int heads,
    int keyValueHeads,
    int maxPositions,
    double ropeTheta,
    double initializerRange,
    int endToken) {
  /// Four layers of 128 for sequences of up to 64 tokens: trains on a laptop in a minute.
  public static LlamaConfig small(int vocabulary, int endToken) {
    return new LlamaConfig(vocabulary, 128, 512, 4, 8, 8, 64, 100, 0.05, endToken);
  }

  /// The `config.json` of such a model.
  public ObjectNode toJson() {
    ObjectNode json = JsonMapper.shared().createObjectNode();
    json.putArray("architectures").add("LlamaForCausalLM");
    json.put("model_type", "llama");
    json.put("hidden_act", "silu");
    json.put("vocab_size", vocabulary);
    json.put("hidden_size", hidden);
    json.put("intermediate_size", intermediate);
    json.put("num_hidden_layers", layers);
    json.put("num_attention_heads", heads);
    json.put("num_key_value_heads", keyValueHeads);
    json.put("head_dim", hidden / heads);
    json.put("max_position_embeddings", maxPositions);
    json.put("rms_norm_eps", 1e-6);
    json.put("rope_theta", ropeTheta);
    json.put("tie_word_embeddings", false);
    json.put("attention_bias", false);
    json.put("mlp_bias", false);
    json.put("initializer_range", initializerRange);
    json.put("eos_token_id", endToken);
    json.put("dtype", "float32");
    return json;
  }
}
