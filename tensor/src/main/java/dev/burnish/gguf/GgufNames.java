package dev.burnish.gguf;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Tensor names of GGUF files and of Hugging Face checkpoints, and the order of rows in which the
/// two store queries and keys.
///
/// llama.cpp rotates neighbouring pairs for the architectures `llama` and `smollm3`, Hugging Face
/// rotates element i with i + headDim / 2. Files for llama.cpp therefore hold the rows of a head
/// interleaved: row 2 j + i of a head is Hugging Face's row i headDim / 2 + j. Source: `permute` of
/// convert_hf_to_gguf.py in ggml-org/llama.cpp.
final class GgufNames {
  /// Factors of the rotary frequencies; in a Hugging Face model they are part of the configuration.
  static final String ROPE_FACTORS = "rope_freqs.weight";

  private static final Map<String, String> WHOLE =
      Map.of("token_embd", "model.embed_tokens", "output_norm", "model.norm", "output", "lm_head");
  private static final Map<String, String> LAYER = layerNames();
  private static final Pattern GGUF_LAYER =
      Pattern.compile("blk\\.(0|[1-9]\\d{0,5})\\.([a-z_]+)\\.(weight|bias)");
  private static final Pattern HF_LAYER =
      Pattern.compile("model\\.layers\\.(0|[1-9]\\d{0,5})\\.([a-z_.]+)\\.(weight|bias)");
  private static final Pattern SUFFIXED = Pattern.compile("(.+)\\.(weight|bias)");

  private GgufNames() {}

  /// The Hugging Face name, or empty for a name that has none.
  static Optional<String> toHuggingFace(String gguf) {
    Matcher layer = GGUF_LAYER.matcher(gguf);
    if (layer.matches()) {
      return Optional.ofNullable(LAYER.get(layer.group(2)))
          .map(name -> "model.layers.%s.%s.%s".formatted(layer.group(1), name, layer.group(3)));
    }
    return mapped(WHOLE, gguf);
  }

  /// The name in a GGUF file, or empty for a name that has none.
  static Optional<String> toGguf(String huggingFace) {
    Matcher layer = HF_LAYER.matcher(huggingFace);
    if (layer.matches()) {
      return Optional.ofNullable(inverse(LAYER).get(layer.group(2)))
          .map(name -> "blk.%s.%s.%s".formatted(layer.group(1), name, layer.group(3)));
    }
    return mapped(inverse(WHOLE), huggingFace);
  }

  /// Whether queries and keys of that architecture are interleaved.
  static boolean interleaves(String architecture) {
    return architecture.equals("llama") || architecture.equals("smollm3");
  }

  /// Whether a Hugging Face name is that of a query or key projection (weight or bias).
  static boolean isQueryOrKey(String huggingFace) {
    return isQuery(huggingFace) || huggingFace.contains(".self_attn.k_proj.");
  }

  static boolean isQuery(String huggingFace) {
    return huggingFace.contains(".self_attn.q_proj.");
  }

  /// The row of the GGUF file that holds row `row` of the Hugging Face tensor.
  static long interleavedRow(long row, long headDim) {
    long within = row % headDim;
    long half = headDim / 2;
    return row - within + 2 * (within % half) + within / half;
  }

  private static Optional<String> mapped(Map<String, String> names, String name) {
    Matcher suffixed = SUFFIXED.matcher(name);
    return suffixed.matches()
        ? Optional.ofNullable(names.get(suffixed.group(1))).map(n -> n + "." + suffixed.group(2))
        : Optional.empty();
  }

  private static Map<String, String> layerNames() {
    Map<String, String> names = new LinkedHashMap<>();
    names.put("attn_norm", "input_layernorm");
    names.put("attn_q", "self_attn.q_proj");
    names.put("attn_k", "self_attn.k_proj");
    names.put("attn_v", "self_attn.v_proj");
    names.put("attn_output", "self_attn.o_proj");
    names.put("attn_q_norm", "self_attn.q_norm");
    names.put("attn_k_norm", "self_attn.k_norm");
    names.put("ffn_norm", "post_attention_layernorm");
    names.put("ffn_gate", "mlp.gate_proj");
    names.put("ffn_up", "mlp.up_proj");
    names.put("ffn_down", "mlp.down_proj");
    return names;
  }

  private static Map<String, String> inverse(Map<String, String> names) {
    Map<String, String> inverse = new LinkedHashMap<>();
    names.forEach((from, to) -> inverse.put(to, from));
    return inverse;
  }
}
