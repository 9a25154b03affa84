package dev.burnish.model;

import dev.burnish.nn.DecoderShape;
import java.util.List;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;

/// A published family of decoders: how its `config.json` is read.
interface Architecture {
  List<Architecture> ALL =
      List.of(new Llama(), new Mistral(), new Qwen2(), new Qwen3(), new SmolLm3());

  /// The name in `architectures`, such as `LlamaForCausalLM`.
  String name();

  /// The name in `model_type`.
  String modelType();

  /// The shape of a model of this family. Reads every setting that changes a number.
  DecoderShape shape(ConfigReader config);

  /// @throws IllegalArgumentException if the architecture is not one of ours, or a setting is
  ///   unknown
  static DecoderShape read(JsonNode json, String where) {
    ConfigReader config = new ConfigReader(json, where);
    Architecture architecture = find(json, where);
    DecoderShape shape = architecture.shape(config);
    config.refuseUnread();
    return shape;
  }

  private static Architecture find(JsonNode json, String where) {
    String type = json.path("model_type").asString("");
    List<String> names = json.path("architectures").valueStream().map(JsonNode::asString).toList();
    for (Architecture architecture : ALL) {
      if (names.contains(architecture.name())
          || (names.isEmpty() && type.equals(architecture.modelType()))) {
        return architecture;
      }
    }
    String known = ALL.stream().map(Architecture::name).collect(Collectors.joining(", "));
    throw new IllegalArgumentException(
        "%s: an architecture is one of %s: architectures=%s model_type=%s"
            .formatted(where, known, names, type));
  }
}
