package dev.burnish.gguf;

import dev.burnish.gguf.GgufHeader.Tensor;
import dev.burnish.safetensors.Checkpoint;
import dev.burnish.safetensors.CorruptFileException;
import dev.burnish.safetensors.Float32;
import dev.burnish.safetensors.SafetensorsFile;
import dev.burnish.safetensors.StoredTensor;
import dev.burnish.tensor.DType;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.LongStream;

/// A memory-mapped GGUF file of the architectures `llama`, `qwen2`, `qwen3` or `smollm3`, presented
/// with Hugging Face names, shapes and row order. Tensors of the types F32, F16 and BF16 keep their
/// type; the quantised ones (Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q4_K, Q5_K, Q6_K) are converted to F32.
/// Safe for use by several threads.
public final class GgufFile implements Checkpoint {
  private static final Set<String> ARCHITECTURES = Set.of("llama", "qwen2", "qwen3", "smollm3");

  private final Path path;
  private final Arena arena;
  private final GgufHeader header;
  private final GgufMetadata metadata;
  private final String architecture;
  private final Map<String, Tensor> tensors = new LinkedHashMap<>();

  private GgufFile(Path path, Arena arena, MemorySegment map) {
    this.path = path;
    this.arena = arena;
    this.header = GgufHeader.parse(path, map);
    this.metadata = header.metadata();
    this.architecture = metadata.text("general.architecture").orElse("");
    if (!ARCHITECTURES.contains(architecture)) {
      throw CorruptFileException.unsupported(
          path,
          "architecture must be one of " + ARCHITECTURES.stream().sorted().toList(),
          "general.architecture",
          architecture);
    }
    header.tensors().values().forEach(this::adopt);
  }

  /// Maps `file`.
  ///
  /// @throws CorruptFileException where the file breaks a rule of the format, or has an unknown
  ///   architecture or tensor
  /// @throws UncheckedIOException where it cannot be read
  @SuppressWarnings("MustBeClosedChecker") // the file owns the arena, and closes it
  public static GgufFile open(Path file) {
    Arena arena = Arena.ofShared();
    try {
      return new GgufFile(file, arena, SafetensorsFile.map(file, arena));
    } catch (RuntimeException | Error e) {
      arena.close();
      throw e;
    }
  }

  /// A file that is in memory already.
  @SuppressWarnings("MustBeClosedChecker") // the file owns the arena, and closes it
  static GgufFile of(Path label, MemorySegment whole) {
    return new GgufFile(label, Arena.ofShared(), whole);
  }

  /// The architecture by its name in GGUF files.
  public String architecture() {
    return architecture;
  }

  /// All keys and typed values.
  public GgufMetadata metadata() {
    return metadata;
  }

  @Override
  public Map<String, String> description() {
    Map<String, String> texts = new LinkedHashMap<>();
    for (String key : metadata.keys()) {
      if (key.startsWith("general.") && metadata.isText(key)) {
        texts.put(key, metadata.text(key).orElseThrow());
      }
    }
    return texts;
  }

  /// Hugging Face names of all tensors in the order of the file.
  @Override
  public Set<String> names() {
    return Collections.unmodifiableSet(tensors.keySet());
  }

  /// Name of the type in which the file stores the tensor, as `Q4_1`.
  public String storedType(String name) {
    return tensor(name).type().name();
  }

  @Override
  public DType dtype(String name) {
    return tensor(name).type().dtype();
  }

  @Override
  public long[] shape(String name) {
    return tensor(name).shape().clone();
  }

  /// The tensor: a view of the map if the file has it in that form, else converted into new memory.
  @Override
  public StoredTensor get(String name) {
    Tensor tensor = tensor(name);
    DType dtype = tensor.type().dtype();
    MemorySegment data = header.data(tensor);
    if (tensor.type().isQuantised()) {
      data = heap(StoredTensor.elements(tensor.shape()) * Float.BYTES);
      copyTo(name, data);
    } else if (isInterleaved(name)) {
      MemorySegment rows = heap(tensor.bytes());
      copyRows(
          name, tensor, rows, tensor.bytes() / tensor.shape()[0], (from, to) -> to.copyFrom(from));
      data = rows;
    }
    return new StoredTensor(name, dtype, tensor.shape(), data.asReadOnly());
  }

  @Override
  public void copyTo(String name, MemorySegment f32Destination) {
    Tensor tensor = tensor(name);
    long elements = StoredTensor.elements(tensor.shape());
    if (f32Destination.byteSize() != elements * Float.BYTES) {
      throw new IllegalArgumentException(
          "destination must be as large as the tensor: tensor=%s, needs=%d, has=%d bytes"
              .formatted(name, elements * Float.BYTES, f32Destination.byteSize()));
    }
    if (isInterleaved(name)) {
      long row = elements / tensor.shape()[0] * Float.BYTES;
      copyRows(name, tensor, f32Destination, row, tensor.type()::decode);
    } else {
      tensor.type().decode(header.data(tensor), f32Destination);
    }
  }

  /// The factors by which rotary frequencies are divided, where the file has such.
  Optional<float[]> ropeFactors() {
    return Optional.ofNullable(header.tensors().get(GgufNames.ROPE_FACTORS))
        .map(tensor -> {
          float[] factors = new float[Math.toIntExact(StoredTensor.elements(tensor.shape()))];
          tensor.type().decode(header.data(tensor), MemorySegment.ofArray(factors));
          return factors;
        });
  }

  Path path() {
    return path;
  }

  @Override
  public void close() {
    arena.close();
  }

  private interface Row {
    void copy(MemorySegment from, MemorySegment to);
  }

  private void copyRows(
      String name, Tensor tensor, MemorySegment destination, long rowBytes, Row row) {
    long rows = tensor.shape()[0];
    long headDim = rows / heads(name);
    MemorySegment data = header.data(tensor);
    long storedRow = tensor.bytes() / rows;
    LongStream indices = LongStream.range(0, rows);
    (Float32.isShared(data, destination) ? indices.parallel() : indices)
        .forEach(r -> {
          long from = GgufNames.interleavedRow(r, headDim) * storedRow;
          row.copy(data.asSlice(from, storedRow), destination.asSlice(r * rowBytes, rowBytes));
        });
  }

  private void adopt(Tensor tensor) {
    if (tensor.name().equals(GgufNames.ROPE_FACTORS)) {
      return;
    }
    String name =
        GgufNames.toHuggingFace(tensor.name())
            .orElseThrow(() ->
                new CorruptFileException(
                    path,
                    "tensor must be known for the architecture " + architecture,
                    "tensor",
                    tensor.name()));
    tensors.put(name, tensor);
    if (isInterleaved(name) && tensor.shape()[0] % (2 * heads(name)) != 0) {
      throw new CorruptFileException(
          path,
          "rows of queries and keys must be heads of even size",
          "tensor",
          tensor.name(),
          "rows",
          tensor.shape()[0],
          "heads",
          heads(name));
    }
  }

  private boolean isInterleaved(String name) {
    return GgufNames.interleaves(architecture) && GgufNames.isQueryOrKey(name);
  }

  private long heads(String name) {
    String key = architecture + ".attention.head_count";
    long heads = metadata.integer(key).orElse(0L);
    if (!GgufNames.isQuery(name)) {
      heads = metadata.integer(key + "_kv").orElse(heads);
    }
    if (heads < 1 || heads > 1 << 20) {
      throw new CorruptFileException(path, "there must be heads", "key", key, "heads", heads);
    }
    return heads;
  }

  private Tensor tensor(String name) {
    Tensor tensor = tensors.get(name);
    if (tensor == null) {
      throw Checkpoint.unknownTensor(path, name, tensors.keySet());
    }
    return tensor;
  }

  /// Collected memory that is aligned for every element type.
  private static MemorySegment heap(long bytes) {
    return MemorySegment.ofArray(new long[Math.toIntExact((bytes + 7) / 8)]).asSlice(0, bytes);
  }

  @Override
  public String toString() {
    return "checkpoint " + path;
  }
}
