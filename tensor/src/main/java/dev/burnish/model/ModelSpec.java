package dev.burnish.model;

import dev.burnish.kernel.WeightFormat;
import dev.burnish.nn.Decoder;
import dev.burnish.nn.DecoderShape;
import dev.burnish.nn.DecoderShape.HeadKind;
import dev.burnish.nn.FlatLayout;
import dev.burnish.nn.LoraConfig;
import dev.burnish.nn.PackedPart;
import dev.burnish.nn.Weights;
import dev.burnish.tensor.Device;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// A model without its weights, in a form that travels: whoever has it and the weights has the
/// model. See [LanguageModel#spec].
///
/// @param config `config.json`
/// @param generation `generation_config.json`, or `{}`
/// @param head whether its matrix is the embedding, or it is a critic's
/// @param maxPositions tokens of the longest sequence
/// @param adapted how the model is adapted
/// @param loraSeed of the adaptation
public record ModelSpec(
    String config,
    String generation,
    HeadKind head,
    int maxPositions,
    Adapted adapted,
    long loraSeed) {
  private static final JsonMapper JSON = JsonMapper.shared();

  /// The fields of a [LoraConfig] that travel.
  public record Adapted(
      int rank, double alpha, double dropout, boolean rankStabilized, List<String> modules) {
    public Adapted {
      modules = List.copyOf(modules);
    }
  }

  /// How the model is adapted; without a rank where it is not.
  public LoraConfig lora() {
    return new LoraConfig(
        adapted.rank(),
        adapted.alpha(),
        adapted.dropout(),
        adapted.rankStabilized(),
        adapted.modules(),
        Path.of(""));
  }

  /// The layout of each part of the model's own weights.
  public List<FlatLayout> layouts() {
    return Decoder.layouts(shape());
  }

  /// How the model's own weights lie when they are packed for generation on this machine, part by
  /// part.
  public List<PackedPart> packedParts() {
    return Decoder.packedParts(shape(), WeightFormat.F32);
  }

  /// The layout of each part of what is trained: the adaptation's where the model is adapted, else
  /// the [#layouts].
  public List<FlatLayout> trainedLayouts() {
    if (!lora().adapts()) {
      return layouts();
    }
    try (Weights none = Weights.undefined(layouts(), Device.CPU);
        LanguageModel plain = over(none, Optional.empty())) {
      return plain.decoder().adapterLayouts(lora());
    }
  }

  /// The parts of the weights that are trained, as generators read them: packed, or of an
  /// adaptation, which they multiply by as it is, one parameter after the other.
  public List<PackedPart> trainedParts() {
    return lora().adapts()
        ? trainedLayouts().stream()
            .map(layout -> PackedPart.of(layout, List.of(), WeightFormat.F32))
            .toList()
        : packedParts();
  }

  /// The model over weights that stay their owner's, to be closed after it.
  ///
  /// @param weights of the [#layouts]
  /// @param adaptation where the model is adapted
  public LanguageModel over(Weights weights, Optional<Weights> adaptation) {
    return LanguageModel.over(this, weights, adaptation);
  }

  DecoderShape shape() {
    return Architecture.read(read(config), "config").withMaxPositions(maxPositions).withHead(head);
  }

  ObjectNode read(String json) {
    return (ObjectNode) JSON.readTree(json);
  }
}
