package dev.burnish.model;

import dev.burnish.nn.DecoderShape;
import java.util.Optional;

/// Qwen 3: each head of queries and keys is normalised, no biases unless asked for.
final class Qwen3 implements Architecture {
  @Override
  public String name() {
    return "Qwen3ForCausalLM";
  }

  @Override
  public String modelType() {
    return "qwen3";
  }

  @Override
  public DecoderShape shape(ConfigReader config) {
    boolean bias = config.flag("attention_bias", false);
    return new LlamaFamily(
            bias, bias, false, true, Optional.of(128), Optional.of(32), 10_000, false)
        .shape(config, LlamaFamily.qwenWindows(config));
  }
}
