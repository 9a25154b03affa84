package dev.burnish.safetensors;

import dev.burnish.tensor.DType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// Turns a GGUF file into a Hugging Face folder.
public final class GgufConverter {
  private static final List<String> SIDE_FILES =
      List.of(
          "config.json",
          "generation_config.json",
          "tokenizer.json",
          "tokenizer_config.json",
          "special_tokens_map.json",
          "chat_template.jinja");

  private GgufConverter() {}

  /// Writes `config.json`, `generation_config.json`, the tokenizer's files and `model.safetensors`
  /// in F32 to `folder`. The small files are made from the metadata of the GGUF file, except those
  /// that are beside it: these are the published ones, and are copied. Every file appears whole or
  /// not at all, the weights last.
  ///
  /// @throws CorruptFileException where the file is corrupt or of a kind that is not supported
  /// @throws UncheckedIOException where something cannot be read or written
  public static void convert(Path gguf, Path folder) {
    try (GgufFile file = GgufFile.open(gguf)) {
      for (String name : SIDE_FILES) {
        byte[] content = sideFile(file, gguf.resolveSibling(name), name);
        if (content.length > 0) {
          AtomicFile.write(folder.resolve(name), content);
        }
      }
      writeWeights(file, folder);
    }
  }

  private static byte[] sideFile(GgufFile file, Path published, String name) {
    if (Files.isRegularFile(published)) {
      try {
        return Files.readAllBytes(published);
      } catch (IOException e) {
        throw new UncheckedIOException("cannot read file=" + published + ": " + e, e);
      }
    }
    boolean tokenizer = GgufTokenizer.isPresent(file);
    return switch (name) {
      case "config.json" -> StrictJson.pretty(GgufConfig.config(file));
      case "generation_config.json" -> StrictJson.pretty(GgufConfig.generationConfig(file));
      case "tokenizer.json" ->
          tokenizer ? StrictJson.pretty(GgufTokenizer.tokenizer(file)) : new byte[0];
      case "tokenizer_config.json" ->
          tokenizer ? StrictJson.pretty(GgufTokenizer.tokenizerConfig(file)) : new byte[0];
      default -> new byte[0];
    };
  }

  private static void writeWeights(GgufFile file, Path folder) {
    try (Arena arena = Arena.ofShared()) {
      List<StoredTensor> tensors = new ArrayList<>();
      for (String name : file.names()) {
        long[] shape = file.shape(name);
        MemorySegment data = arena.allocate(StoredTensor.elements(shape) * Float.BYTES, Long.BYTES);
        file.copyTo(name, data);
        tensors.add(new StoredTensor(name, DType.F32, shape, data));
      }
      SafetensorsWriter.writeSharded(folder, tensors, Map.of("format", "pt"), Long.MAX_VALUE);
    }
  }
}
