package dev.burnish.safetensors;

import dev.burnish.files.AtomicFile;
import dev.burnish.tensor.DType;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/// Writes safetensors files, byte for byte as the original library does: tensors in the order of
/// falling element size, then name; the header padded so that data begins at a multiple of 8.
///
/// A file appears whole or not at all, also when the disk fills up or the process is killed: it is
/// written next to its target, forced to the disk and renamed.
public final class SafetensorsWriter {
  /// The file of a model that is not sharded.
  public static final String SINGLE = "model.safetensors";

  /// The index of a model that is.
  public static final String INDEX = "model.safetensors.index.json";

  private static final long PIECE = 1L << 23;

  /// A tensor whose bytes are made when they are about to be written.
  @SuppressWarnings("ArrayRecordComponent") // a shape is an array throughout
  public record Pending(String name, DType dtype, long[] shape, TensorBytes data) {
    static Pending of(StoredTensor tensor) {
      return new Pending(tensor.name(), tensor.dtype(), tensor.shape(), arena -> tensor.data());
    }

    /// The tensor converted to `dtype`.
    static Pending of(StoredTensor tensor, DType dtype) {
      return dtype == tensor.dtype()
          ? of(tensor)
          : new Pending(
              tensor.name(), dtype, tensor.shape(), arena -> tensor.as(dtype, arena).data());
    }

    long bytes() {
      return Math.multiplyExact(StoredTensor.elements(shape), (long) dtype.bytes());
    }
  }

  private SafetensorsWriter() {}

  /// Writes one file, replacing what is there.
  ///
  /// @throws IllegalArgumentException where two tensors have one name
  /// @throws java.io.UncheckedIOException where it cannot be written; the target is as it was
  public static void write(
      Path file, Collection<StoredTensor> tensors, Map<String, String> metadata) {
    writeFile(file, tensors.stream().map(Pending::of).toList(), metadata);
  }

  private static void writeFile(Path file, List<Pending> tensors, Map<String, String> metadata) {
    try (AtomicFile whole = prepare(file, tensors, metadata)) {
      whole.commit();
    }
  }

  /// Writes `model.safetensors` where all tensors fit `maxShardBytes`, else shards named
  /// `model-00001-of-0000N.safetensors` and their index. A model that was in the folder is
  /// replaced: its files that the new one does not have are removed last.
  ///
  /// @param maxShardBytes bytes of tensors in a shard; a larger tensor gets a shard of its own
  public static void writeSharded(
      Path folder,
      Collection<StoredTensor> tensors,
      Map<String, String> metadata,
      long maxShardBytes) {
    writePending(folder, tensors.stream().map(Pending::of).toList(), metadata, maxShardBytes);
  }

  /// As above, with each tensor that `dtypes` names converted to the type given there when it is
  /// about to be written.
  ///
  /// @param dtypes types of [Float32#encode] by the names of tensors
  public static void writeSharded(
      Path folder,
      Collection<StoredTensor> tensors,
      Map<String, DType> dtypes,
      Map<String, String> metadata,
      long maxShardBytes) {
    List<Pending> pending = new ArrayList<>();
    for (StoredTensor tensor : tensors) {
      pending.add(Pending.of(tensor, dtypes.getOrDefault(tensor.name(), tensor.dtype())));
    }
    writePending(folder, pending, metadata, maxShardBytes);
  }

  /// As above, for tensors whose bytes do not exist yet.
  public static void writePending(
      Path folder, List<Pending> tensors, Map<String, String> metadata, long maxShardBytes) {
    if (maxShardBytes <= 0) {
      throw new IllegalArgumentException(
          "a shard must hold something: maxShardBytes=%d; give at least 1"
              .formatted(maxShardBytes));
    }
    requireDistinct(tensors);
    List<List<Pending>> shards = shards(tensors, maxShardBytes);
    Set<String> written = new HashSet<>();
    if (shards.size() <= 1) {
      writeFile(folder.resolve(SINGLE), tensors, metadata);
      written.add(SINGLE);
    } else {
      writeShards(folder, shards, metadata, written);
    }
    removeStale(folder, written);
  }

  private static void writeShards(
      Path folder, List<List<Pending>> shards, Map<String, String> metadata, Set<String> written) {
    List<AtomicFile> files = new ArrayList<>();
    try {
      Map<String, String> weightMap = new TreeMap<>();
      long total = 0;
      for (int i = 0; i < shards.size(); i++) {
        String name =
            String.format(Locale.ROOT, "model-%05d-of-%05d.safetensors", i + 1, shards.size());
        files.add(prepare(folder.resolve(name), shards.get(i), metadata));
        written.add(name);
        for (Pending tensor : shards.get(i)) {
          weightMap.put(tensor.name(), name);
          total += tensor.bytes();
        }
      }
      Map<String, Object> index = new LinkedHashMap<>();
      index.put("metadata", Map.of("total_size", total));
      index.put("weight_map", weightMap);
      byte[] json = StrictJson.pretty(index);
      files.add(AtomicFile.prepare(folder.resolve(INDEX), out -> out.write(ByteBuffer.wrap(json))));
      written.add(INDEX);
      files.forEach(AtomicFile::commit);
    } finally {
      files.forEach(AtomicFile::close);
    }
  }

  private static AtomicFile prepare(
      Path file, List<Pending> tensors, Map<String, String> metadata) {
    requireDistinct(tensors);
    List<Pending> sorted = new ArrayList<>(tensors);
    sorted.sort(
        Comparator.comparingInt((Pending t) -> -t.dtype().bytes()).thenComparing(Pending::name));
    byte[] header = header(sorted, metadata);
    return AtomicFile.prepare(
        file,
        output -> {
          output.write(ByteBuffer.wrap(header));
          for (Pending tensor : sorted) {
            writeTensor(output, tensor);
          }
        });
  }

  private static void writeTensor(AtomicFile.Output output, Pending tensor) throws IOException {
    try (Arena arena = Arena.ofShared()) {
      writeData(output, tensor.data().in(arena));
    }
  }

  /// Writes all bytes; those of a mapped file leave the resident memory of the process again.
  public static void writeData(AtomicFile.Output output, MemorySegment data) throws IOException {
    for (long at = 0; at < data.byteSize(); at += PIECE) {
      MemorySegment piece = data.asSlice(at, Math.min(PIECE, data.byteSize() - at));
      output.write(piece.asByteBuffer());
      if (piece.isMapped()) {
        piece.unload();
      }
    }
  }

  private static byte[] header(List<Pending> tensors, Map<String, String> metadata) {
    Map<String, Object> tree = new LinkedHashMap<>();
    if (!metadata.isEmpty()) {
      tree.put("__metadata__", metadata);
    }
    long at = 0;
    for (Pending tensor : tensors) {
      long end = at + tensor.bytes();
      Map<String, Object> entry = new LinkedHashMap<>();
      entry.put("dtype", tensor.dtype().name());
      entry.put("shape", tensor.shape());
      entry.put("data_offsets", new long[] {at, end});
      tree.put(tensor.name(), entry);
      at = end;
    }
    byte[] json = StrictJson.MAPPER.writeValueAsBytes(tree);
    int padded = (json.length + 7) / 8 * 8;
    if (padded > SafetensorsHeader.MAX_HEADER || tensors.size() > SafetensorsHeader.MAX_TENSORS) {
      throw new IllegalArgumentException(
          "header must have at most 16 MiB and 65536 tensors: bytes=%d, tensors=%d; write shards"
              .formatted(padded, tensors.size()));
    }
    ByteBuffer header = ByteBuffer.allocate(8 + padded).order(ByteOrder.LITTLE_ENDIAN);
    header.putLong(padded).put(json);
    Arrays.fill(header.array(), 8 + json.length, 8 + padded, (byte) ' ');
    return header.array();
  }

  private static List<List<Pending>> shards(List<Pending> tensors, long maxShardBytes) {
    List<List<Pending>> shards = new ArrayList<>();
    List<Pending> shard = new ArrayList<>();
    long bytes = 0;
    for (Pending tensor : tensors) {
      long size = tensor.bytes();
      if (!shard.isEmpty() && bytes + size > maxShardBytes) {
        shards.add(shard);
        shard = new ArrayList<>();
        bytes = 0;
      }
      shard.add(tensor);
      bytes += size;
    }
    shards.add(shard);
    return shards;
  }

  private static void removeStale(Path folder, Set<String> written) {
    try (var files = Files.newDirectoryStream(folder, "model*.safetensors*")) {
      for (Path file : files) {
        String name = file.getFileName().toString();
        boolean ours =
            name.equals(SINGLE)
                || name.equals(INDEX)
                || name.matches("model-\\d{5}-of-\\d{5}\\.safetensors");
        if (ours && !written.contains(name)) {
          Files.delete(file);
        }
      }
      AtomicFile.forceFolder(folder);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException("cannot clear folder=" + folder + ": " + e, e);
    }
  }

  private static void requireDistinct(List<Pending> tensors) {
    Set<String> names = new HashSet<>();
    for (Pending tensor : tensors) {
      if (!names.add(tensor.name()) || tensor.name().equals("__metadata__")) {
        throw new IllegalArgumentException(
            "tensor names must be distinct and not __metadata__: tensor=%s; rename one"
                .formatted(tensor.name()));
      }
    }
  }
}
