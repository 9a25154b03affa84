package dev.burnish.gguf;

import dev.burnish.files.AtomicFile;
import dev.burnish.safetensors.Checkpoint;
import dev.burnish.safetensors.CorruptFileException;
import dev.burnish.safetensors.ModelFolder;
import dev.burnish.safetensors.SafetensorsWriter;
import dev.burnish.safetensors.StoredTensor;
import dev.burnish.safetensors.StrictJson;
import dev.burnish.tensor.DType;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Turns a GGUF file into a Hugging Face folder, and the other way round.
public final class GgufConverter {
  /// How the matrices of a GGUF file are stored; vectors are always F32.
  public enum Weights {
    F32(GgmlType.F32, 0),
    F16(GgmlType.F16, 1),
    Q8_0(GgmlType.Q8_0, 7),
    BF16(GgmlType.BF16, 32);

    private final GgmlType type;
    private final int fileType;

    Weights(GgmlType type, int fileType) {
      this.type = type;
      this.fileType = fileType;
    }

    /// The type for a tensor of that shape; F16 where rows are not a multiple of the block.
    GgmlType typeFor(long[] shape) {
      if (shape.length < 2) {
        return GgmlType.F32;
      }
      return shape[shape.length - 1] % type.blockElements() == 0 ? type : GgmlType.F16;
    }
  }

  private static final long MAX_SHARD = 5_000_000_000L;
  private static final long MAX_SIDE_FILE = 64L << 20;
  private static final List<String> SIDE_FILES =
      List.of(
          "config.json",
          "generation_config.json",
          "tokenizer.json",
          "tokenizer_config.json",
          "special_tokens_map.json",
          "chat_template.jinja");

  private GgufConverter() {}

  /// The names of the small files that belong to a model's folder in addition to its weights.
  public static List<String> smallFiles() {
    return SIDE_FILES;
  }

  /// Writes `config.json`, `generation_config.json`, the tokenizer's files and `model.safetensors`
  /// in F32 to `folder`. The small files are made from the metadata of the GGUF file, except those
  /// that lie next to it: these are the published ones, and are copied. Every file appears whole or
  /// not at all, the weights last.
  ///
  /// @throws CorruptFileException where the file is corrupt or of a kind that is not supported
  /// @throws UncheckedIOException where something cannot be read or written
  public static void convert(Path gguf, Path folder) {
    convert(gguf, folder, DType.F32);
  }

  /// As above, with the weights in a floating-point type.
  public static void convert(Path gguf, Path folder, DType dtype) {
    Path besides = gguf.toAbsolutePath().resolveSibling("");
    try (GgufFile file = GgufFile.open(gguf)) {
      for (String name : SIDE_FILES) {
        byte[] content = sideFile(file, besides, name);
        if (content.length > 0) {
          AtomicFile.write(folder.resolve(name), content);
        }
      }
      writeWeights(file, folder, dtype);
    }
  }

  /// The small files that [#convert] would write, by name, made from the metadata alone.
  ///
  /// @throws CorruptFileException where the file is corrupt or of a kind that is not supported
  public static Map<String, byte[]> sideFiles(Path gguf) {
    Map<String, byte[]> files = new LinkedHashMap<>();
    try (GgufFile file = GgufFile.open(gguf)) {
      for (String name : SIDE_FILES) {
        byte[] content = made(file, name);
        if (content.length > 0) {
          files.put(name, content);
        }
      }
    }
    return files;
  }

  private static byte[] sideFile(GgufFile file, Path besides, String name) {
    Optional<Path> published = ModelFolder.findFile(besides, name);
    if (published.isPresent()) {
      return StrictJson.read(published.get(), MAX_SIDE_FILE);
    }
    return made(file, name);
  }

  private static byte[] made(GgufFile file, String name) {
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

  private static void writeWeights(GgufFile file, Path folder, DType dtype) {
    List<SafetensorsWriter.Pending> tensors = new ArrayList<>();
    for (String name : file.names()) {
      long[] shape = file.shape(name);
      tensors.add(
          new SafetensorsWriter.Pending(
              name,
              dtype,
              shape,
              arena -> decoded(file, name, shape, arena).as(dtype, arena).data()));
    }
    SafetensorsWriter.writePending(folder, tensors, Map.of("format", "pt"), MAX_SHARD);
  }

  private static StoredTensor decoded(GgufFile file, String name, long[] shape, Arena arena) {
    MemorySegment data = arena.allocate(StoredTensor.elements(shape) * Float.BYTES, Long.BYTES);
    file.copyTo(name, data);
    return new StoredTensor(name, DType.F32, shape, data);
  }

  /// Writes the model of a Hugging Face folder as a GGUF file that llama.cpp reads: its names, its
  /// row order of queries and keys, its tokenizer keys. A folder without `tokenizer.json` gives a
  /// file without tokenizer. The file appears whole or not at all.
  ///
  /// @param checkpoint the weights of the folder
  ///
  /// @throws CorruptFileException where a file is corrupt, or has a setting that GGUF cannot
  ///   express
  /// @throws UncheckedIOException where something cannot be read or written
  public static void toGguf(Path folder, Checkpoint checkpoint, Path gguf, Weights weights) {
    GgufExport export = GgufExport.of(ModelFolder.file(folder, "config.json"));
    GgufWriter writer = new GgufWriter();
    long rows = checkpoint.shape("model.embed_tokens.weight")[0];
    writer.text("general.architecture", export.architecture());
    writer.text("general.type", "model");
    writer.text("general.name", folder.toAbsolutePath().normalize().getFileName().toString());
    writer.integer("general.file_type", weights.fileType);
    writer.integer("general.quantization_version", 2);
    export.put(writer, rows);
    TokenizerExport.put(writer, folder, export.config(), Math.toIntExact(rows));
    for (String name : checkpoint.names()) {
      if (!name.equals("lm_head.weight") || !export.isTied()) {
        putTensor(writer, checkpoint, name, export, weights);
      }
    }
    writer.write(gguf);
  }

  private static void putTensor(
      GgufWriter writer, Checkpoint checkpoint, String name, GgufExport export, Weights weights) {
    long[] shape = checkpoint.shape(name);
    GgmlType type = weights.typeFor(shape);
    String stored =
        GgufNames.toGguf(name)
            .orElseThrow(() ->
                new IllegalArgumentException(
                    "tensor must have a name in GGUF files: tensor=%s, in=%s"
                        .formatted(name, checkpoint)));
    writer.tensor(
        stored,
        type,
        shape,
        arena -> {
          long elements = StoredTensor.elements(shape);
          MemorySegment values = arena.allocate(elements * Float.BYTES, Long.BYTES);
          checkpoint.copyTo(name, values);
          MemorySegment ordered = ordered(arena, name, shape, values, export);
          MemorySegment encoded = arena.allocate(type.bytes(elements));
          type.encode(ordered, encoded);
          return encoded;
        });
  }

  private static MemorySegment ordered(
      Arena arena, String name, long[] shape, MemorySegment values, GgufExport export) {
    if (!GgufNames.interleaves(export.architecture()) || !GgufNames.isQueryOrKey(name)) {
      return values;
    }
    long heads = GgufNames.isQuery(name) ? export.heads() : export.keyHeads();
    if (shape[0] % (2 * heads) != 0) {
      throw new IllegalArgumentException(
          "rows of queries and keys must be heads of even size: tensor=%s, rows=%d, heads=%d"
              .formatted(name, shape[0], heads));
    }
    long rowBytes = values.byteSize() / shape[0];
    MemorySegment ordered = arena.allocate(values.byteSize(), Long.BYTES);
    for (long row = 0; row < shape[0]; row++) {
      long to = GgufNames.interleavedRow(row, shape[0] / heads);
      MemorySegment.copy(values, row * rowBytes, ordered, to * rowBytes, rowBytes);
    }
    return ordered;
  }
}
