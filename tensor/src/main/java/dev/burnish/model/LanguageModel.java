package dev.burnish.model;

import dev.burnish.content.FileKind;
import dev.burnish.files.AtomicFile;
import dev.burnish.gguf.GgufConverter;
import dev.burnish.nn.Decoder;
import dev.burnish.nn.DecoderShape;
import dev.burnish.nn.DecoderShape.HeadKind;
import dev.burnish.nn.LoraConfig;
import dev.burnish.nn.Weights;
import dev.burnish.safetensors.Checkpoint;
import dev.burnish.safetensors.ModelFolder;
import dev.burnish.tensor.DType;
import dev.burnish.tensor.Device;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// A decoder together with the `config.json` it was made from, so that it can be saved as it came.
public final class LanguageModel implements AutoCloseable {
  private static final JsonMapper JSON = JsonMapper.builder().build();

  private static final String CONFIG = "config.json";
  private static final String END_TOKENS = "eos_token_id";
  private static final String GENERATION = "generation_config.json";

  private final ObjectNode config;
  private final ObjectNode generation;
  private final WeightFormat format;
  private final Decoder decoder;
  private final Optional<String> source;

  private LanguageModel(
      ObjectNode config,
      ObjectNode generation,
      WeightFormat format,
      Decoder decoder,
      Optional<String> source) {
    this.config = config;
    this.generation = generation;
    this.format = format;
    this.decoder = decoder;
    this.source = source;
  }

  /// A model with random weights from a seed, with the standard deviation that its configuration
  /// names.
  ///
  /// @param config as in `config.json`
  public static LanguageModel random(ObjectNode config, long seed) {
    DecoderShape shape = Architecture.read(config, "config");
    Decoder decoder = new Decoder(shape, Device.CPU);
    decoder.initialize(seed, config.path("initializer_range").asDouble(0.02));
    return new LanguageModel(
        config.deepCopy(),
        JSON.createObjectNode(),
        WeightFormat.plain(),
        decoder,
        Optional.empty());
  }

  /// The model of a folder in Hugging Face layout: `config.json` with safetensors, or with one GGUF
  /// file.
  ///
  /// @throws IllegalArgumentException if the architecture or a setting is unknown, or weights are
  ///   missing or of another shape
  public static LanguageModel load(Path folder) {
    return load(folder, shape -> shape);
  }

  /// As [#load], for sequences of any length: beyond `max_position_embeddings` the original library
  /// continues, and so must a model that is compared with it.
  public static LanguageModel loadForAnyLength(Path folder) {
    return load(folder, shape -> shape.withMaxPositions(Integer.MAX_VALUE));
  }

  private static LanguageModel load(Path folder, UnaryOperator<DecoderShape> change) {
    boolean gguf = Files.isRegularFile(folder) && folder.toString().endsWith(".gguf");
    Path file = folder.resolve(CONFIG);
    if (!gguf && !Files.isRegularFile(file)) {
      throw new IllegalArgumentException(
          "a model is a folder with a config.json, or a .gguf file: model=%s".formatted(folder));
    }
    Map<String, byte[]> made = gguf ? GgufConverter.sideFiles(folder) : Map.of();
    ObjectNode config = read(folder, made, CONFIG).orElseThrow();
    ObjectNode generation = read(folder, made, GENERATION).orElseGet(JSON::createObjectNode);
    DecoderShape shape = Architecture.read(config, gguf ? folder.toString() : file.toString());
    try (Checkpoint weights = WeightFiles.open(folder)) {
      boolean untied = shape.head() == HeadKind.TIED && WeightFormat.hasOwnHead(weights);
      DecoderShape found = untied ? shape.withHead(HeadKind.UNTIED) : shape;
      Decoder decoder = new Decoder(change.apply(found), Device.CPU);
      try {
        WeightFormat.read(weights, decoder, folder);
        return new LanguageModel(
            config, generation, WeightFormat.of(weights), decoder, Optional.of(folder.toString()));
      } catch (RuntimeException e) {
        decoder.close();
        throw e;
      }
    }
  }

  /// A file of a model's folder that holds one JSON object.
  static ObjectNode readJson(Path folder, String name) {
    return read(folder, Map.of(), name)
        .orElseThrow(() ->
            new IllegalArgumentException("a folder lacks a file: file=" + folder.resolve(name)));
  }

  /// A file of the folder, or the one made from the metadata of a GGUF file.
  private static Optional<ObjectNode> read(Path folder, Map<String, byte[]> made, String name) {
    if (!made.isEmpty()) {
      return Optional.ofNullable(made.get(name)).map(content -> parse(folder, content));
    }
    return ModelFolder.findFile(folder, name)
        .map(file -> {
          try {
            return parse(file, Files.readAllBytes(file));
          } catch (IOException e) {
            throw new UncheckedIOException("cannot read file=" + file + ": " + e, e);
          }
        });
  }

  private static ObjectNode parse(Path file, byte[] content) {
    FileKind.of(content)
        .ifPresent(kind -> {
          throw new IllegalArgumentException(
              "a configuration is JSON, and this is %s: file=%s; %s"
                  .formatted(kind.said(), file, kind.cure()));
        });
    try {
      if (JSON.readTree(content) instanceof ObjectNode object) {
        return object;
      }
      throw new IllegalArgumentException("a configuration is a JSON object: file=" + file);
    } catch (JacksonException e) {
      throw new IllegalArgumentException(
          "a configuration is valid JSON: file=%s: %s".formatted(file, e.getOriginalMessage()), e);
    }
  }

  /// The configuration as read, every setting included.
  public ObjectNode config() {
    return config.deepCopy();
  }

  /// `generation_config.json` as read; an empty object where there is none.
  public ObjectNode generationConfig() {
    return generation.deepCopy();
  }

  public Decoder decoder() {
    return decoder;
  }

  /// Where the weights came from: a folder, or a name on the hub; empty for random ones.
  public Optional<String> source() {
    return source;
  }

  /// This model, over the same weights, with another name for where they came from.
  public LanguageModel withSource(String name) {
    return new LanguageModel(config, generation, format, decoder, Optional.of(name));
  }

  /// Tokens that end a completion: `eos_token_id` of `generation_config.json`, else of
  /// `config.json`, which is one id or a list.
  public int[] endTokens() {
    ObjectNode source = generation.hasNonNull(END_TOKENS) ? generation : config;
    JsonNode ids = source.path(END_TOKENS);
    Stream<JsonNode> each =
        ids.isArray()
            ? ids.valueStream()
            : Stream.of(ids).filter(id -> source.hasNonNull(END_TOKENS));
    return each.mapToInt(LanguageModel::tokenId).toArray();
  }

  private static int tokenId(JsonNode id) {
    if (!id.isIntegralNumber() || !id.canConvertToInt()) {
      throw new IllegalArgumentException(
          "%s is a token's id or a list of ids: %s=%s; correct it in generation_config.json or config.json"
              .formatted(END_TOKENS, END_TOKENS, id));
    }
    return id.intValue();
  }

  /// Adapts the decoder, as [Decoder#adapt] does, or as the adapter says that training begins from.
  ///
  /// @return this model
  /// @throws IllegalArgumentException as [PeftAdapter#load] does, and if the settings ask for
  ///   another rank, scale or modules than that adapter has
  public LanguageModel adapt(LoraConfig lora, long seed) {
    if (lora.goesOn()) {
      PeftAdapter.load(this, lora, seed);
    } else {
      decoder.adapt(lora, seed);
    }
    return this;
  }

  /// This model without its adaptation, over the same weights: valid while this one is open, and
  /// with nothing to close.
  public LanguageModel base() {
    return new LanguageModel(config.deepCopy(), generation, format, decoder.base(), source);
  }

  /// This model over other weights, which stay their owner's, to be closed after it.
  ///
  /// @param weights of the layouts of this decoder
  /// @param adaptation where this model is adapted, of the layouts of its adaptation
  public LanguageModel over(Weights weights, Optional<Weights> adaptation) {
    Decoder over = new Decoder(decoder.shape(), weights);
    adaptation.ifPresent(given -> over.adapt(decoder.lora(), decoder.loraSeed(), given));
    return new LanguageModel(config.deepCopy(), generation.deepCopy(), format, over, source);
  }

  /// This model without its weights: another process makes it over weights that it is given.
  public ModelSpec spec() {
    LoraConfig lora = decoder.lora().withFrom(Path.of(""));
    return new ModelSpec(
        config.toString(),
        generation.toString(),
        decoder.shape().head(),
        decoder.shape().maxPositions(),
        new ModelSpec.Adapted(
            lora.rank(), lora.alpha(), lora.dropout(), lora.rankStabilized(), lora.modules()),
        decoder.loraSeed());
  }

  static LanguageModel over(ModelSpec spec, Weights weights, Optional<Weights> adaptation) {
    Decoder over = new Decoder(spec.shape(), weights);
    adaptation.ifPresent(given -> over.adapt(spec.lora(), spec.loraSeed(), given));
    return new LanguageModel(
        spec.read(spec.config()),
        spec.read(spec.generation()),
        WeightFormat.plain(),
        over,
        Optional.empty());
  }

  /// A second model with the same weights, an adaptation being part of them.
  public LanguageModel copy() {
    Decoder twin = new Decoder(decoder.shape(), decoder.device());
    twin.copyFrom(decoder);
    return new LanguageModel(config.deepCopy(), generation.deepCopy(), format, twin, source);
  }

  /// A critic that begins with this model's weights, an adaptation being part of them: the same
  /// blocks under a head that gives one value per token, which is zero at first. In files it is
  /// what transformers calls a model for sequence classification with one label.
  public LanguageModel critic() {
    Decoder critic = new Decoder(decoder.shape().withHead(HeadKind.VALUE), decoder.device());
    critic.copyTrunkFrom(decoder);
    ObjectNode ofCritic = Architecture.ofCritic(config);
    return new LanguageModel(ofCritic, JSON.createObjectNode(), format, critic, source);
  }

  /// A critic that begins with this model's weights without its adaptation, and is adapted itself.
  ///
  /// @param lora of the critic; the adapter that training begins from, if any, is the policy's
  ///   alone
  public LanguageModel critic(LoraConfig lora, long seed) {
    LanguageModel critic = base().critic();
    critic.decoder.adapt(lora.withFrom(Path.of("")), seed);
    return critic;
  }

  /// Writes `config.json`, `generation_config.json` where there was one, and the weights to a
  /// folder, each file whole or not at all. A weight is stored in the type that it was loaded from,
  /// so that loading and saving changes no byte; one that never was in a file, in F32. An
  /// adaptation is part of what is written, for which there has to be room for a second model.
  public void save(Path folder) {
    save(folder, Optional.empty());
  }

  /// As [#save(Path)], with all weights in one type.
  ///
  /// @param dtype F32, F16, BF16, F64 or one of the types of eight bits, which round
  public void save(Path folder, DType dtype) {
    save(folder, Optional.of(dtype));
  }

  private void save(Path folder, Optional<DType> dtype) {
    if (decoder.lora().adapts()) {
      try (LanguageModel merged = copy()) {
        merged.save(folder, dtype);
      }
      return;
    }
    format.write(decoder, folder, dtype);
    ObjectNode written = config.deepCopy();
    format.changed(dtype).ifPresent(type -> Conversion.putDtype(written, type));
    write(written, folder.resolve(CONFIG));
    if (!generation.isEmpty()) {
      write(generation, folder.resolve(GENERATION));
    }
  }

  static void write(ObjectNode json, Path file) {
    AtomicFile.write(file, JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(json));
  }

  @Override
  public void close() {
    decoder.close();
  }
}
