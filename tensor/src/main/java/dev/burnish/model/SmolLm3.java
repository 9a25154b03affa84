package dev.burnish.model;

import dev.burnish.nn.DecoderShape;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/// SmolLM3: some layers have no rotary positions; where a window is used, it is theirs.
final class SmolLm3 implements Architecture {
  @Override
  public String name() {
    return "SmolLM3ForCausalLM";
  }

  @Override
  public String modelType() {
    return "smollm3";
  }

  @Override
  public DecoderShape shape(ConfigReader config) {
    boolean bias = config.flag("attention_bias", false);
    List<Integer> rope = config.list("no_rope_layers").stream().map(JsonNode::asInt).toList();
    int interval = config.integer("no_rope_layer_interval", 4);
    Optional<Integer> window = LlamaFamily.window(config, Optional.empty());
    boolean sliding = config.flag("use_sliding_window", false);
    LlamaFamily.Blocks blocks =
        i -> {
          boolean rotated = rope.isEmpty() ? (i + 1) % interval != 0 : rope.get(i) != 0;
          return new LlamaFamily.Block(rotated, window.filter(_ -> sliding && !rotated));
        };
    return new LlamaFamily(
            bias,
            bias,
            config.flag("mlp_bias", false),
            false,
            Optional.empty(),
            Optional.of(4),
            2_000_000,
            true)
        .shape(config, LlamaFamily.typed(config, window, blocks));
  }
}
