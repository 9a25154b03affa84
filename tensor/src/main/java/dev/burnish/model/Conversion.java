package dev.burnish.model;

import dev.burnish.gguf.GgufConverter;
import dev.burnish.gguf.GgufConverter.Weights;
import dev.burnish.gguf.GgufFile;
import dev.burnish.safetensors.Checkpoint;
import dev.burnish.safetensors.ModelFolder;
import dev.burnish.safetensors.SafetensorsWriter;
import dev.burnish.safetensors.StoredTensor;
import dev.burnish.tensor.DType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// Conversion of a model's files: a GGUF file as a folder in Hugging Face layout, a folder as a
/// GGUF file, or a folder with its weights in another type. The result appears whole or not at all.
public final class Conversion {
  private static final JsonMapper JSON = JsonMapper.builder().build();

  /// Largest file of weights; a model above it is written in shards with an index.
  private static final long SHARD_BYTES = 5_000_000_000L;

  private Conversion() {}

  /// Writes a folder in Hugging Face layout, which must not exist yet.
  ///
  /// @param source a `.gguf` file, or a folder
  /// @param dtype of all weights of floating point; if empty, that of the folder's weights, whose
  ///   bytes then stay as they are, and F32 for a GGUF file
  /// @throws IllegalArgumentException if the folder exists, or the source is no model
  public static void toFolder(Path source, Path folder, Optional<DType> dtype) {
    if (Files.exists(folder)) {
      throw new IllegalArgumentException(
          "the folder exists already: folder=%s; choose another or remove it".formatted(folder));
    }
    Path target = folder.toAbsolutePath().normalize();
    try {
      Files.createDirectories(target.resolveSibling(""));
      Path partial =
          Files.createTempDirectory(
              target.resolveSibling(""), "." + target.getFileName() + ".partial");
      try {
        if (isGguf(source)) {
          GgufConverter.convert(source, partial, dtype.orElse(DType.F32));
          putDtype(partial, dtype.orElse(DType.F32));
        } else {
          copy(source, partial, dtype);
        }
        openToReaders(partial);
        Files.move(partial, target, StandardCopyOption.ATOMIC_MOVE);
      } finally {
        delete(partial);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write folder=" + folder + ": " + e, e);
    }
  }

  /// Writes a GGUF file that llama.cpp reads, with tokenizer and chat template, replacing what is
  /// there.
  ///
  /// @param source a folder in Hugging Face layout
  /// @param weights how matrices are stored; if empty, as in the folder, or in F32 where a GGUF
  ///   file cannot
  /// @throws IllegalArgumentException if the source is no folder of a model
  public static void toGguf(Path source, Path gguf, Optional<Weights> weights) {
    if (isGguf(source)) {
      throw new IllegalArgumentException(
          "a GGUF file is made from a folder in Hugging Face layout: source=%s; convert it to a folder first"
              .formatted(source));
    }
    requireModel(source);
    try (Checkpoint checkpoint = WeightFiles.open(source)) {
      GgufConverter.toGguf(source, checkpoint, gguf, weights.orElseGet(() -> stored(checkpoint)));
    }
  }

  private static boolean isGguf(Path source) {
    return source.toString().endsWith(".gguf");
  }

  private static void requireModel(Path source) {
    if (!Files.isRegularFile(source.resolve("config.json"))) {
      throw new IllegalArgumentException(
          "a model is a folder with a config.json, or a .gguf file: model=%s".formatted(source));
    }
  }

  /// The type of the first matrix, which all have in published models.
  private static Weights stored(Checkpoint weights) {
    return weights.names().stream()
        .filter(name -> weights.shape(name).length == 2)
        .findFirst()
        .map(weights::dtype)
        .map(dtype ->
            switch (dtype) {
              case F16 -> Weights.F16;
              case BF16 -> Weights.BF16;
              case F32, F64, F8_E4M3, F8_E5M2, I64, I32, I16, I8, U8, BOOL -> Weights.F32;
            })
        .orElse(Weights.F32);
  }

  private static void copy(Path source, Path folder, Optional<DType> dtype) throws IOException {
    requireModel(source);
    Map<String, DType> dtypes = new HashMap<>();
    Optional<DType> named = dtype;
    try (Checkpoint weights = WeightFiles.open(source)) {
      named = weights instanceof GgufFile ? dtype.or(() -> Optional.of(DType.F32)) : dtype;
      List<StoredTensor> tensors = weights.names().stream().map(weights::get).toList();
      for (StoredTensor tensor : tensors) {
        if (tensor.dtype().isFloatingPoint() && named.isPresent()) {
          dtypes.put(tensor.name(), named.get());
        }
      }
      SafetensorsWriter.writeSharded(
          folder,
          tensors,
          dtypes,
          weights instanceof GgufFile ? Map.of("format", "pt") : weights.description(),
          SHARD_BYTES);
    }
    for (String name : GgufConverter.smallFiles()) {
      Optional<Path> file = ModelFolder.findFile(source, name);
      if (file.isPresent()) {
        Files.copy(file.get(), folder.resolve(name));
      }
    }
    if (named.isPresent()) {
      putDtype(folder, named.get());
    }
  }

  private static void putDtype(Path folder, DType dtype) throws IOException {
    Path file = folder.resolve("config.json");
    try {
      if (JSON.readTree(Files.readAllBytes(file)) instanceof ObjectNode config) {
        putDtype(config, dtype);
        Files.write(file, JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(config));
      }
    } catch (JacksonException e) {
      throw new IllegalArgumentException(
          "a configuration is valid JSON: file=%s: %s".formatted(file, e.getOriginalMessage()), e);
    }
  }

  /// Names the type of the weights in a `config.json`, under the key that it has for that.
  static void putDtype(ObjectNode config, DType dtype) {
    String name =
        switch (dtype) {
          case F64 -> "float64";
          case F32 -> "float32";
          case F16 -> "float16";
          case BF16 -> "bfloat16";
          case F8_E4M3 -> "float8_e4m3fn";
          case F8_E5M2, I64, I32, I16, I8, U8, BOOL -> dtype.name().toLowerCase(Locale.ROOT);
        };
    config.put(config.has("torch_dtype") ? "torch_dtype" : "dtype", name);
  }

  /// Temporary folders are private to their owner; finished files get the usual permissions.
  private static void openToReaders(Path folder) {
    folder.toFile().setReadable(true, false);
    folder.toFile().setExecutable(true, false);
  }

  private static void delete(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return;
    }
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
    Files.delete(folder);
  }
}
