package dev.burnish.model;

import dev.burnish.nn.Decoder;
import dev.burnish.nn.DecoderShape;
import dev.burnish.nn.LoraConfig;
import dev.burnish.nn.Parameters;
import dev.burnish.safetensors.Checkpoint;
import dev.burnish.safetensors.GgufConverter;
import dev.burnish.safetensors.SafetensorsWriter;
import dev.burnish.safetensors.StoredTensor;
import dev.burnish.tensor.DType;
import dev.burnish.tensor.Device;
import dev.burnish.tensor.Tensor;
import dev.burnish.tensor.TensorScope;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// A decoder together with the `config.json` it was made from, so that it can be saved as it came.
public final class LanguageModel implements AutoCloseable {
  private static final JsonMapper JSON = JsonMapper.builder().build();

  /// Largest file of weights; a model above it is written in shards with an index.
  private static final long SHARD_BYTES = 5_000_000_000L;

  private final ObjectNode config;
  private final Map<String, String> metadata;
  private final Decoder decoder;

  private LanguageModel(ObjectNode config, Map<String, String> metadata, Decoder decoder) {
    this.config = config;
    this.metadata = metadata;
    this.decoder = decoder;
  }

  /// A model with random weights of the deviation that its configuration names, from a seed.
  ///
  /// @param config as in `config.json`
  public static LanguageModel random(ObjectNode config, long seed) {
    DecoderShape shape = Architecture.read(config, "config");
    Decoder decoder = new Decoder(shape, Device.CPU);
    decoder.initialize(seed, config.path("initializer_range").asDouble(0.02));
    return new LanguageModel(config.deepCopy(), Map.of("format", "pt"), decoder);
  }

  /// The model of a folder in Hugging Face layout: `config.json` with safetensors, or with one GGUF
  /// file.
  ///
  /// @throws IllegalArgumentException if the architecture or a setting is unknown, or weights are
  ///   missing or of another shape
  public static LanguageModel load(Path folder) {
    boolean gguf = Files.isRegularFile(folder) && folder.toString().endsWith(".gguf");
    Path file = folder.resolve("config.json");
    if (!gguf && !Files.isRegularFile(file)) {
      throw new IllegalArgumentException(
          "a model is a folder with a config.json, or a .gguf file: model=%s".formatted(folder));
    }
    ObjectNode config =
        gguf
            ? parse(folder, GgufConverter.sideFiles(folder).get("config.json"))
            : readConfig(folder);
    String where = gguf ? folder.toString() : file.toString();
    Decoder decoder = new Decoder(Architecture.read(config, where), Device.CPU);
    try (Checkpoint weights = Checkpoint.open(gguf ? folder : weights(folder))) {
      read(weights, decoder, folder);
      return new LanguageModel(config, weights.metadata(), decoder);
    } catch (RuntimeException e) {
      decoder.close();
      throw e;
    }
  }

  private static ObjectNode readConfig(Path folder) {
    return readJson(folder, "config.json");
  }

  /// A file of a model's folder that holds one JSON object.
  static ObjectNode readJson(Path folder, String name) {
    Path file = Checkpoint.file(folder, name);
    try {
      return parse(file, Files.readAllBytes(file));
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read file=" + file + ": " + e, e);
    }
  }

  private static ObjectNode parse(Path file, byte @Nullable [] content) {
    try {
      if (content != null && JSON.readTree(content) instanceof ObjectNode object) {
        return object;
      }
      throw new IllegalArgumentException("a configuration is a JSON object: file=" + file);
    } catch (JacksonException e) {
      throw new IllegalArgumentException(
          "a configuration is valid JSON: file=%s: %s".formatted(file, e.getOriginalMessage()), e);
    }
  }

  private static Path weights(Path folder) {
    if (Files.exists(folder.resolve(SafetensorsWriter.SINGLE))
        || Files.exists(folder.resolve(SafetensorsWriter.INDEX))) {
      return folder;
    }
    try (Stream<Path> files = Files.list(folder)) {
      List<Path> gguf = files.filter(f -> f.toString().endsWith(".gguf")).toList();
      return gguf.size() == 1 ? gguf.getFirst() : folder;
    } catch (IOException e) {
      throw new UncheckedIOException("cannot list folder=" + folder + ": " + e, e);
    }
  }

  private static void read(Checkpoint weights, Decoder decoder, Path folder) {
    Map<String, Parameters> parts = decoder.partByName();
    for (String name : weights.names()) {
      if (!parts.containsKey(name) && !isDerived(name)) {
        throw new IllegalArgumentException(
            "%s: the weights have a tensor that this architecture does not: name=%s"
                .formatted(folder, name));
      }
    }
    parts.forEach((name, part) -> read(weights, name, part, name, folder));
  }

  /// Reads one parameter.
  ///
  /// @param stored its name in the file
  static void read(Checkpoint weights, String stored, Parameters part, String name, Path folder) {
    if (!weights.contains(stored)) {
      throw new IllegalArgumentException(
          "%s: the weights lack a tensor: name=%s".formatted(folder, stored));
    }
    long[] shape = part.spec(name).shape();
    if (!Arrays.equals(shape, weights.shape(stored))) {
      throw new IllegalArgumentException(
          "%s: a tensor has the shape that the configuration says: name=%s shape=%s expected=%s"
              .formatted(
                  folder, stored, Arrays.toString(weights.shape(stored)), Arrays.toString(shape)));
    }
    try (Tensor run = part.values().narrow(0, part.offset(name), part.spec(name).size())) {
      weights.copyTo(stored, run.segment());
    }
  }

  /// Tensors that files carry and that follow from others: a tied head, and old rotary tables.
  private static boolean isDerived(String name) {
    return name.equals("lm_head.weight") || name.endsWith("rotary_emb.inv_freq");
  }

  /// The configuration as read, every setting included.
  public ObjectNode config() {
    return config.deepCopy();
  }

  public Decoder decoder() {
    return decoder;
  }

  /// Tokens that end a completion, from `eos_token_id`, which is one id or a list.
  public int[] endTokens() {
    JsonNode ids = config.path("eos_token_id");
    if (ids.isArray()) {
      return ids.valueStream().mapToInt(JsonNode::asInt).toArray();
    }
    return ids.isIntegralNumber() ? new int[] {ids.intValue()} : new int[0];
  }

  /// Adapts the decoder, as [Decoder#adapt] does.
  ///
  /// @return this model
  public LanguageModel adapt(LoraConfig lora, long seed) {
    decoder.adapt(lora, seed);
    return this;
  }

  /// This model without its adaptation, over the same weights: valid while this one is open, and
  /// with nothing to close.
  public LanguageModel base() {
    return new LanguageModel(config.deepCopy(), metadata, decoder.base());
  }

  /// A second model with the same weights, an adaptation being part of them.
  public LanguageModel copy() {
    Decoder twin = new Decoder(decoder.shape(), decoder.device());
    twin.copyFrom(decoder);
    return new LanguageModel(config.deepCopy(), metadata, twin);
  }

  /// Writes `config.json` and the weights in F32 to a folder, each file whole or not at all. An
  /// adaptation is part of what is written, for which there has to be room for a second model.
  public void save(Path folder) {
    if (decoder.lora().adapts()) {
      try (LanguageModel merged = copy()) {
        merged.save(folder);
      }
      return;
    }
    try {
      Files.createDirectories(folder);
      List<StoredTensor> tensors = new ArrayList<>();
      try (TensorScope _ = TensorScope.open()) {
        decoder.partByName().forEach((name, part) -> tensors.add(stored(name, part, name)));
        SafetensorsWriter.writeSharded(folder, tensors, metadata, SHARD_BYTES);
      }
      ObjectNode written = config.deepCopy();
      written.put(written.has("torch_dtype") ? "torch_dtype" : "dtype", "float32");
      writeJson(folder, "config.json", written);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write model=" + folder + ": " + e, e);
    }
  }

  /// One parameter as it is stored, a view where the model is in host memory.
  static StoredTensor stored(String stored, Parameters part, String name) {
    return new StoredTensor(
        stored,
        DType.F32,
        part.spec(name).shape(),
        part.values()
            .to(Device.CPU)
            .narrow(0, part.offset(name), part.spec(name).size())
            .segment());
  }

  /// Writes a file whole or not at all.
  static void writeJson(Path folder, String name, ObjectNode content) throws IOException {
    Path temporary = Files.createTempFile(folder, ".config", ".json");
    Files.write(temporary, JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(content));
    Files.move(
        temporary,
        folder.resolve(name),
        StandardCopyOption.ATOMIC_MOVE,
        StandardCopyOption.REPLACE_EXISTING);
  }

  @Override
  public void close() {
    decoder.close();
  }
}
