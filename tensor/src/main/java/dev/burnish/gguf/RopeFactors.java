package dev.burnish.gguf;

import dev.burnish.safetensors.StrictJson;
import java.util.Optional;
import tools.jackson.databind.node.ObjectNode;

/// The factors by which Llama 3 stretches each rotary wave length. GGUF files hold the factors,
/// Hugging Face configurations the settings from which they follow. Source:
/// `generate_extra_tensors` of convert_hf_to_gguf.py in ggml-org/llama.cpp.
final class RopeFactors {
  private RopeFactors() {}

  /// Settings of Llama 3 scaling; `context` is the context length before it.
  record Llama3(double theta, double factor, double low, double high, double context) {}

  /// One factor for each pair of rotated elements.
  static float[] of(Llama3 settings, int headDim) {
    float[] factors = new float[headDim / 2];
    for (int i = 0; i < factors.length; i++) {
      double wave = 2 * Math.PI * Math.pow(settings.theta, 2.0 * i / headDim);
      double smooth = (settings.context / wave - settings.low) / (settings.high - settings.low);
      factors[i] =
          wave < settings.context / settings.high
              ? 1f
              : wave > settings.context / settings.low
                  ? (float) settings.factor
                  : (float) (1 / ((1 - smooth) / settings.factor + smooth));
    }
    return factors;
  }

  /// The settings whose factors these are, with the bounds 1 and 4 of all published models.
  static Optional<ObjectNode> recover(float[] factors, double theta) {
    if (factors.length == 0) {
      return Optional.empty();
    }
    float factor = factors[factors.length - 1];
    for (int context = 32; context <= 1 << 20; context *= 2) {
      float[] candidate = of(new Llama3(theta, factor, 1, 4, context), 2 * factors.length);
      if (isClose(factors, candidate)) {
        return Optional.of(
            StrictJson.MAPPER
                .createObjectNode()
                .put("rope_type", "llama3")
                .put("factor", (double) factor)
                .put("low_freq_factor", 1.0)
                .put("high_freq_factor", 4.0)
                .put("original_max_position_embeddings", context));
      }
    }
    return Optional.empty();
  }

  /// The default factor by which YaRN scales queries and keys.
  static double yarnScale(double factor) {
    return factor <= 1 ? 1 : 0.1 * Math.log(factor) + 1;
  }

  private static boolean isClose(float[] expected, float[] actual) {
    for (int i = 0; i < expected.length; i++) {
      if (Math.abs(expected[i] - actual[i]) > 1e-4 * Math.abs(expected[i])) {
        return false;
      }
    }
    return true;
  }
}
