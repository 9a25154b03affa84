package dev.burnish.model;

import dev.burnish.nn.DecoderShape;
import java.util.Optional;

/// Llama 2 and 3.x, SmolLM2, and the many models with that layout.
final class Llama implements Architecture {
  @Override
  public String name() {
    return "LlamaForCausalLM";
  }

  @Override
  public String modelType() {
    return "llama";
  }

  @Override
  public DecoderShape shape(ConfigReader config) {
    boolean attentionBias = config.flag("attention_bias", false);
    return new LlamaFamily(
            attentionBias,
            attentionBias,
            config.flag("mlp_bias", false),
            false,
            Optional.empty(),
            Optional.empty(),
            10_000,
            false)
        .shape(config, _ -> new LlamaFamily.Block(true, Optional.empty()));
  }
}
