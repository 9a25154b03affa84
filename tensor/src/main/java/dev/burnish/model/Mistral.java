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
    Optional<Integer> window = LlamaFamily.window(config, Optional.of(4096));
    return new LlamaFamily(
            false, false, false, false, Optional.empty(), Optional.of(8), 10_000, false)
        .shape(config, _ -> new LlamaFamily.Block(true, window));
  }
}
