package dev.burnish.model;

import dev.burnish.kernel.AttentionPlan;
import dev.burnish.kernel.Kernels.Heads;
import dev.burnish.nn.BlockShape;
import dev.burnish.nn.DecoderShape;
import dev.burnish.nn.RopeTables;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// What all architectures here share, and the options in which they differ.
///
/// @param defaultHeadDim `head_dim` where it is not given; empty: `hidden_size /
///   num_attention_heads`
record LlamaFamily(
    boolean queryKeyValueBias,
    boolean outputBias,
    boolean mlpBias,
    boolean queryKeyNorm,
    Optional<Integer> defaultHeadDim,
    double defaultTheta,
    boolean defaultTied) {
  /// The options of one block beyond those of the whole model.
  record Block(boolean rope, Optional<Integer> window) {}

  /// Which options block `i` has.
  interface Blocks {
    Block at(int i);
  }

  DecoderShape shape(ConfigReader config, Blocks blocks) {
    config.require("hidden_act", "silu");
    int hidden = config.integer("hidden_size");
    int numHeads = config.integer("num_attention_heads");
    int headDim = config.integer("head_dim", defaultHeadDim.orElse(hidden / Math.max(1, numHeads)));
    Heads heads = new Heads(numHeads, config.integer("num_key_value_heads", numHeads), headDim);
    int positions = config.integer("max_position_embeddings");
    double eps = config.number("rms_norm_eps", 1e-6);
    int intermediate = config.integer("intermediate_size");
    int layers = config.integer("num_hidden_layers");
    if (layers < 1 || layers > 10_000 || headDim % 2 != 0) {
      throw new IllegalArgumentException(
          "a decoder has between 1 and 10000 layers and an even head_dim: num_hidden_layers=%d head_dim=%d"
              .formatted(layers, headDim));
    }
    List<BlockShape> shapes = new ArrayList<>();
    for (int i = 0; i < layers; i++) {
      Block block = blocks.at(i);
      shapes.add(
          new BlockShape(
              hidden,
              intermediate,
              heads,
              eps,
              queryKeyValueBias,
              outputBias,
              mlpBias,
              queryKeyNorm,
              block.rope(),
              block.window().orElse(AttentionPlan.NO_WINDOW)));
    }
    return new DecoderShape(
        config.integer("vocab_size"),
        hidden,
        shapes,
        eps,
        config.flag("tie_word_embeddings", defaultTied),
        positions,
        new RopeTables(RopeSettings.read(config, headDim, positions, defaultTheta)));
  }

  /// Windows of the Qwen kind: by `layer_types`, else for the layers from `max_window_layers` on
  /// where `use_sliding_window` is set.
  static Blocks qwenWindows(ConfigReader config) {
    boolean sliding = config.flag("use_sliding_window", false);
    Optional<Integer> window = config.optionalInteger("sliding_window").filter(_ -> sliding);
    int from = config.integer("max_window_layers", 28);
    List<String> types = config.list("layer_types").stream().map(n -> n.asString()).toList();
    return i -> {
      boolean windowed = types.isEmpty() ? i >= from : type(types, i).equals("sliding_attention");
      return new Block(true, windowed ? window : Optional.empty());
    };
  }

  private static String type(List<String> types, int i) {
    String type = i < types.size() ? types.get(i) : "missing";
    if (!type.equals("full_attention") && !type.equals("sliding_attention")) {
      throw new IllegalArgumentException(
          "layer_types names full_attention or sliding_attention for each layer: layer=%d type=%s"
              .formatted(i, type));
    }
    return type;
  }
}
