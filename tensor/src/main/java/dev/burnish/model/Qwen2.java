package dev.burnish.model;

import dev.burnish.nn.DecoderShape;
import java.util.Optional;

/// Qwen 2 and 2.5: biases on queries, keys and values.
final class Qwen2 implements Architecture {
  @Override
  public String name() {
    return "Qwen2ForCausalLM";
  }

  @Override
  public String modelType() {
    return "qwen2";
  }

  @Override
  public DecoderShape shape(ConfigReader config) {
    return new LlamaFamily(
            true, false, false, false, Optional.empty(), Optional.of(32), 10_000, false)
        .shape(config, LlamaFamily.qwenWindows(config));
  }
}
