package dev.burnish.model;

import dev.burnish.nn.DecoderShape;
import dev.burnish.nn.DecoderShape.HeadKind;
import java.util.List;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// A published family of decoders: how its `config.json` is read.
interface Architecture {
  List<Architecture> ALL =
      List.of(new Llama(), new Mistral(), new Qwen2(), new Qwen3(), new SmolLm3());

  String NAMES = "architectures";
  String LABELS = "id2label";

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
    return isCritic(architecture, json, where) ? shape.withHead(HeadKind.VALUE) : shape;
  }

  /// The name in `architectures` of a critic: a model for sequence classification with one label,
  /// which is its value.
  private static String nameOfCritic(Architecture architecture) {
    return architecture.name().replace("ForCausalLM", "ForSequenceClassification");
  }

  private static boolean isCritic(Architecture architecture, JsonNode json, String where) {
    boolean classifies = names(json).contains(nameOfCritic(architecture));
    int labels = json.path(LABELS).isObject() ? json.path(LABELS).size() : 2;
    if (classifies && json.path("num_labels").asInt(labels) != 1) {
      throw new IllegalArgumentException(
          "%s: a model for sequence classification must have one label, the value: %s=%s"
              .formatted(where, LABELS, json.path(LABELS)));
    }
    return classifies;
  }

  /// The configuration of a critic of a model.
  static ObjectNode ofCritic(ObjectNode policy) {
    ObjectNode critic = policy.deepCopy();
    critic.putArray(NAMES).add(nameOfCritic(find(policy, "config")));
    critic.putObject(LABELS).put("0", "LABEL_0");
    critic.putObject("label2id").put("LABEL_0", 0);
    return critic;
  }

  private static List<String> names(JsonNode json) {
    return json.path(NAMES).valueStream().map(JsonNode::asString).toList();
  }

  private static Architecture find(JsonNode json, String where) {
    String type = json.path("model_type").asString("");
    List<String> names = names(json);
    for (Architecture architecture : ALL) {
      if (names.contains(architecture.name())
          || names.contains(nameOfCritic(architecture))
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
