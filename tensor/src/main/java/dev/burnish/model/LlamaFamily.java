package dev.burnish.model;

import dev.burnish.kernel.AttentionPlan;
import dev.burnish.kernel.Kernels.Heads;
import dev.burnish.nn.BlockShape;
import dev.burnish.nn.DecoderShape;
import dev.burnish.nn.DecoderShape.HeadKind;
import dev.burnish.nn.RopeTables;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The parts that all architectures here share, and the options in which they differ.
///
/// @param defaultHeadDim `head_dim` where it is not given; empty: `hidden_size /
///   num_attention_heads`
/// @param defaultKeyValueHeads `num_key_value_heads` where it is not given; empty:
///   `num_attention_heads`, which it is in any family where it is given as null
record LlamaFamily(
    boolean queryKeyValueBias,
    boolean outputBias,
    boolean mlpBias,
    boolean queryKeyNorm,
    Optional<Integer> defaultHeadDim,
    Optional<Integer> defaultKeyValueHeads,
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
    int keyValueHeads =
        config.has("num_key_value_heads") ? numHeads : defaultKeyValueHeads.orElse(numHeads);
    Heads heads =
        new Heads(numHeads, config.integer("num_key_value_heads", keyValueHeads), headDim);
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
    RopeSettings rope = RopeSettings.read(config, headDim, positions, defaultTheta);
    return new DecoderShape(
        config.integer("vocab_size"),
        hidden,
        shapes,
        eps,
        config.flag("tie_word_embeddings", defaultTied) ? HeadKind.TIED : HeadKind.UNTIED,
        rope.longest(positions),
        new RopeTables(rope));
  }

  /// Windows of the Qwen kind: where `use_sliding_window` is set, for the layers that `layer_types`
  /// names, or without it for those from `max_window_layers` on.
  static Blocks qwenWindows(ConfigReader config) {
    boolean sliding = config.flag("use_sliding_window", false);
    Optional<Integer> window = window(config, Optional.of(4096)).filter(_ -> sliding);
    int from = config.integer("max_window_layers", 28);
    return typed(config, window, i -> new Block(true, i >= from ? window : Optional.empty()));
  }

  /// The window that the configuration names.
  ///
  /// @param otherwise the default; null means that there is no window
  static Optional<Integer> window(ConfigReader config, Optional<Integer> otherwise) {
    return config.has("sliding_window") ? config.optionalInteger("sliding_window") : otherwise;
  }

  /// Blocks whose windows follow `layer_types` where it is given.
  ///
  /// @param blocks the other options of a block, and its window without `layer_types`
  static Blocks typed(ConfigReader config, Optional<Integer> window, Blocks blocks) {
    List<String> types = config.list("layer_types").stream().map(n -> n.asString()).toList();
    return types.isEmpty()
        ? blocks
        : i -> new Block(blocks.at(i).rope(), slides(types, i) ? named(window) : Optional.empty());
  }

  private static Optional<Integer> named(Optional<Integer> window) {
    if (window.isEmpty()) {
      throw new IllegalArgumentException(
          "layers of type sliding_attention need a window: sliding_window=null; set sliding_window and use_sliding_window");
    }
    return window;
  }

  private static boolean slides(List<String> types, int i) {
    String type = i < types.size() ? types.get(i) : "missing";
    if (!type.equals("full_attention") && !type.equals("sliding_attention")) {
      throw new IllegalArgumentException(
          "layer_types names full_attention or sliding_attention for each layer: layer=%d type=%s"
              .formatted(i, type));
    }
    return type.equals("sliding_attention");
  }
}
