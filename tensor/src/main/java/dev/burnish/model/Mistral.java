package dev.burnish.model;

import dev.burnish.nn.DecoderShape;
import java.util.Optional;

/// Mistral: Llama with a sliding window over all layers.
final class Mistral implements Architecture {
  @Override
  public String name() {
    return "MistralForCausalLM";
  }

  @Override
  public String modelType() {
    return "mistral";
  }

  @Override
  public DecoderShape shape(ConfigReader config) {
    Optional<Integer> window = config.optionalInteger("sliding_window");
    return new LlamaFamily(false, false, false, false, Optional.empty(), 10_000, false)
        .shape(config, _ -> new LlamaFamily.Block(true, window));
  }
}
