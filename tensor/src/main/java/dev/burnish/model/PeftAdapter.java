package dev.burnish.model;

import dev.burnish.nn.DecoderShape.HeadKind;
import dev.burnish.nn.LoraConfig;
import dev.burnish.nn.ParameterSpec;
import dev.burnish.nn.Parameters;
import dev.burnish.safetensors.Checkpoint;
import dev.burnish.safetensors.ModelFolder;
import dev.burnish.safetensors.SafetensorsWriter;
import dev.burnish.safetensors.StoredTensor;
import dev.burnish.tensor.TensorScope;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// The adaptation of a model in the layout of PEFT: `adapter_config.json` and
/// `adapter_model.safetensors`, which `PeftModel.from_pretrained` and serving engines read.
public final class PeftAdapter {
  private static final String CONFIG = "adapter_config.json";
  private static final String WEIGHTS = "adapter_model.safetensors";
  private static final String PREFIX = "base_model.model.";
  private static final String END_OF_A = ".lora_A.weight";
  // The head of a critic, which an adaptation trains as a whole.
  private static final String SCORE = "score";
  private static final String VALUE_HEAD = SCORE + ".weight";
  private static final String WHOLE_MODULES = "modules_to_save";

  /// Settings that are read, or that change no number of an adapter that is loaded.
  private static final Set<String> KNOWN =
      Set.of(
          "peft_type",
          "r",
          "lora_alpha",
          "lora_dropout",
          "use_rslora",
          "target_modules",
          "init_lora_weights",
          "bias",
          "auto_mapping",
          "base_model_name_or_path",
          "corda_config",
          "eva_config",
          "exclude_modules",
          "inference_mode",
          "layers_pattern",
          "layers_to_transform",
          "modules_to_save",
          "megatron_core",
          "peft_version",
          "qalora_group_size",
          "revision",
          "task_type");

  private PeftAdapter() {}

  /// Writes the adaptation of a model.
  ///
  /// @param base the model before adaptation: its folder or its name on the hub
  /// @throws IllegalArgumentException if the model is not adapted
  public static void save(LanguageModel model, String base, Path folder) {
    LoraConfig lora = model.decoder().lora();
    if (!lora.adapts()) {
      throw new IllegalArgumentException(
          "an adapter is saved of a model that is adapted: lora.rank=0; save the model instead");
    }
    try (TensorScope _ = TensorScope.open()) {
      List<StoredTensor> tensors = new ArrayList<>();
      Set<String> modules = new TreeSet<>();
      for (Parameters part : model.decoder().trained()) {
        for (String name : part.layout().names()) {
          tensors.add(WeightFormat.stored(PREFIX + name, name, part));
          if (!name.equals(VALUE_HEAD)) {
            modules.add(name.replaceFirst("\\.lora_[AB]\\.weight$", ""));
          }
        }
      }
      SafetensorsWriter.write(folder.resolve(WEIGHTS), tensors, Map.of("format", "pt"));
      ObjectNode json = config(lora, base, modules);
      if (isCritic(model)) {
        json.put("task_type", "SEQ_CLS");
        json.putArray(WHOLE_MODULES).add(SCORE);
      }
      LanguageModel.write(json, folder.resolve(CONFIG));
    }
  }

  private static boolean isCritic(LanguageModel model) {
    return model.decoder().shape().head() == HeadKind.VALUE;
  }

  /// A model of the hub as PEFT names it, `owner/name` and a revision; a folder as it is.
  private static void putBase(ObjectNode json, String base) {
    boolean ofHub = base.startsWith("hf:");
    int at = ofHub ? base.indexOf('@') : -1;
    String name = ofHub ? base.substring(3, at < 0 ? base.length() : at) : base;
    json.put("base_model_name_or_path", name);
    if (at >= 0) {
      json.put("revision", base.substring(at + 1));
    }
  }

  private static ObjectNode config(LoraConfig lora, String base, Set<String> modules) {
    ObjectNode json = JsonMapper.shared().createObjectNode();
    json.put("peft_type", "LORA");
    json.put("task_type", "CAUSAL_LM");
    putBase(json, base);
    json.put("r", lora.rank());
    if (lora.alpha() == Math.rint(lora.alpha())) {
      json.put("lora_alpha", (long) lora.alpha());
    } else {
      json.put("lora_alpha", lora.alpha());
    }
    json.put("lora_dropout", lora.dropout());
    json.put("use_rslora", lora.rankStabilized());
    json.put("use_dora", false);
    json.put("bias", "none");
    json.put("fan_in_fan_out", false);
    json.put("inference_mode", true);
    json.put("init_lora_weights", true);
    boolean plain = lora.modules().stream().noneMatch(pattern -> pattern.contains("*"));
    ArrayNode targets = json.putArray("target_modules");
    (plain ? lora.modules() : modules).forEach(targets::add);
    return json;
  }

  /// Adapts a model as an adapter says.
  ///
  /// @throws IllegalArgumentException if the adapter is of another model, or has a setting that
  ///   changes the numbers and is not known
  public static void load(LanguageModel model, Path folder) {
    ObjectNode json = LanguageModel.readJson(folder, CONFIG);
    load(model, config(json).withFrom(folder), json, 0);
  }

  /// Adapts a model with the adapter that a configuration starts from, to train it further.
  ///
  /// @param lora whose dropout holds; its rank, scale and modules are those of the adapter or unset
  /// @param seed of the dropout
  static void load(LanguageModel model, LoraConfig lora, long seed) {
    Path folder = lora.from();
    ObjectNode json = LanguageModel.readJson(folder, CONFIG);
    LoraConfig read = config(json);
    LoraConfig unset = LoraConfig.defaults();
    requireAgreed("rank", lora.rank(), read.rank(), unset.rank(), folder);
    requireAgreed("alpha", lora.alpha(), read.alpha(), unset.alpha(), folder);
    requireAgreed(
        "rankStabilized",
        lora.rankStabilized(),
        read.rankStabilized(),
        unset.rankStabilized(),
        folder);
    requireAgreed("modules", lora.modules(), unset.modules(), unset.modules(), folder);
    load(model, read.withDropout(lora.dropout()).withFrom(folder), json, seed);
  }

  private static void requireAgreed(
      String key, Object asked, Object read, Object unset, Path folder) {
    if (!asked.equals(unset) && !asked.equals(read)) {
      throw new IllegalArgumentException(
          "lora.%s is that of the adapter that training begins from: %s=%s adapter=%s lora.from=%s; leave it out"
              .formatted(key, key, asked, key.equals("modules") ? "its own" : read, folder));
    }
  }

  private static void load(LanguageModel model, LoraConfig read, ObjectNode json, long seed) {
    Path folder = read.from();
    refuseUnknown(json, folder);
    requireWholeModules(json, isCritic(model), folder);
    try (Checkpoint weights = Checkpoint.open(ModelFolder.file(folder, WEIGHTS))) {
      String[] modules = modules(weights, folder);
      for (String module : modules) {
        requireFits(model, module, read, weights, json);
      }
      model.decoder().adapt(read.withModules(modules), seed);
      int loaded = 0;
      for (Parameters part : model.decoder().trained()) {
        for (String name : part.layout().names()) {
          WeightFormat.read(weights, PREFIX + name, name, part, folder);
          loaded++;
        }
      }
      if (loaded != weights.names().size()) {
        throw new IllegalArgumentException(
            "%s: an adapter changes matrices of blocks alone: tensors=%d known=%d"
                .formatted(folder, weights.names().size(), loaded));
      }
    }
  }

  private static String[] modules(Checkpoint weights, Path folder) {
    String[] modules =
        weights.names().stream()
            .filter(name -> name.startsWith(PREFIX) && name.endsWith(END_OF_A))
            .map(name -> name.substring(PREFIX.length(), name.length() - END_OF_A.length()))
            .toArray(String[]::new);
    if (modules.length == 0) {
      throw new IllegalArgumentException(
          "%s: an adapter has tensors named like %smodel.layers.0.self_attn.q_proj%s: tensors=%s"
              .formatted(
                  folder, PREFIX, END_OF_A, weights.names().stream().sorted().limit(3).toList()));
    }
    return modules;
  }

  private static void requireFits(
      LanguageModel model, String module, LoraConfig read, Checkpoint weights, ObjectNode json) {
    Parameters part = model.decoder().partByName().get(module + ".weight");
    if (part == null) {
      throw notOfThisModel(read, json, "module=%s is not in the model".formatted(module));
    }
    long[] matrix = part.layout().spec(module + ".weight").shape();
    for (ParameterSpec spec : LoraConfig.specs(module, read.rank(), matrix)) {
      String name = PREFIX + spec.name();
      String found = weights.contains(name) ? Arrays.toString(weights.shape(name)) : "none";
      if (!found.equals(Arrays.toString(spec.shape()))) {
        throw notOfThisModel(
            read,
            json,
            "tensor=%s has shape=%s, for a matrix of %s and r=%d it is %s"
                .formatted(
                    name,
                    found,
                    Arrays.toString(matrix),
                    read.rank(),
                    Arrays.toString(spec.shape())));
      }
    }
  }

  private static IllegalArgumentException notOfThisModel(
      LoraConfig read, ObjectNode json, String what) {
    return new IllegalArgumentException(
        "an adapter belongs to the model it was made for: adapter=%s %s; load base_model_name_or_path=%s"
            .formatted(
                read.from(), what, json.path("base_model_name_or_path").asString("unknown")));
  }

  private static LoraConfig config(ObjectNode json) {
    int rank = json.path("r").asInt(8);
    return LoraConfig.defaults()
        .withRank(rank)
        .withAlpha(json.path("lora_alpha").asDouble(8))
        .withDropout(json.path("lora_dropout").asDouble(0))
        .withRankStabilized(json.path("use_rslora").asBoolean(false));
  }

  /// An adapter of a critic has its head as a whole, one of another model nothing.
  private static void requireWholeModules(ObjectNode json, boolean critic, Path folder) {
    List<String> whole =
        json.path(WHOLE_MODULES).valueStream().map(node -> node.asString("")).toList();
    if (!whole.equals(critic ? List.of(SCORE) : List.of())) {
      throw unknown(folder, WHOLE_MODULES, json.path(WHOLE_MODULES));
    }
  }

  private static void refuseUnknown(ObjectNode json, Path folder) {
    require(json, "peft_type", Set.of("LORA"), folder);
    require(json, "bias", Set.of("none"), folder);
    // Other beginnings, such as pissa, change the base model too.
    require(
        json,
        "init_lora_weights",
        Set.of("true", "false", "gaussian", "eva", "orthogonal"),
        folder);
    for (Map.Entry<String, JsonNode> setting : json.properties()) {
      if (!KNOWN.contains(setting.getKey()) && !isNeutral(setting.getValue())) {
        throw unknown(folder, setting.getKey(), setting.getValue());
      }
    }
  }

  private static void require(ObjectNode json, String key, Set<String> values, Path folder) {
    JsonNode value = json.path(key);
    if (!value.isMissingNode() && !values.contains(value.asString(""))) {
      throw unknown(folder, key, value);
    }
  }

  private static boolean isNeutral(JsonNode value) {
    return value.isNull()
        || (value.isBoolean() && !value.booleanValue())
        || (value.isContainer() && value.isEmpty());
  }

  private static IllegalArgumentException unknown(Path folder, String key, JsonNode value) {
    return new IllegalArgumentException(
        "%s: an adapter has no setting that is not known to leave the numbers alone: %s=%s; merge it into its model with PEFT, and load that"
            .formatted(folder.resolve(CONFIG), key, value));
  }
}
