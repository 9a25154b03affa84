package dev.burnish.safetensors;

import dev.burnish.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;

/// The safetensors files of `model.safetensors.index.json`. Every name of the index must be in the
/// file that it names, and every tensor of a file in the index.
final class ShardedFiles implements Checkpoint {
  private static final long MAX_INDEX = 32L << 20;
  private static final int MAX_SHARDS = 4096;

  private final Path index;
  private final Map<String, SafetensorsFile> byTensor;
  private final Map<String, SafetensorsFile> byFile;

  private ShardedFiles(
      Path index, Map<String, SafetensorsFile> byTensor, Map<String, SafetensorsFile> byFile) {
    this.index = index;
    this.byTensor = byTensor;
    this.byFile = byFile;
  }

  static ShardedFiles open(Path folder) {
    Path index = ModelFolder.file(folder, SafetensorsWriter.INDEX);
    Map<String, String> weightMap = weightMap(index, StrictJson.read(index, MAX_INDEX));
    Map<String, SafetensorsFile> byFile = new TreeMap<>();
    try {
      for (String shard : weightMap.values()) {
        if (!byFile.containsKey(shard)) {
          byFile.put(shard, SafetensorsFile.open(ModelFolder.file(folder, shard)));
        }
      }
      return new ShardedFiles(index, join(index, weightMap, byFile), byFile);
    } catch (RuntimeException | Error e) {
      byFile.values().forEach(SafetensorsFile::close);
      throw e;
    }
  }

  /// The `weight_map` of an index: tensor to file, file names checked to be plain.
  static Map<String, String> weightMap(Path index, byte[] json) {
    JsonNode map = StrictJson.object(index, json).path("weight_map");
    if (!map.isObject()) {
      throw new CorruptFileException(index, "index must have an object weight_map");
    }
    Map<String, String> weightMap = new LinkedHashMap<>();
    Set<String> shards = new HashSet<>();
    map.properties()
        .forEach(entry -> {
          String tensor = entry.getKey();
          String shard = entry.getValue().isString() ? entry.getValue().stringValue() : "";
          requirePlain(index, tensor, shard);
          shards.add(shard);
          weightMap.put(tensor, shard);
        });
    if (shards.size() > MAX_SHARDS) {
      throw new CorruptFileException(
          index, "index must name at most 4096 files", "files", shards.size());
    }
    return weightMap;
  }

  private static void requirePlain(Path index, String tensor, String shard) {
    boolean plain =
        shard.endsWith(".safetensors")
            && shard.chars().noneMatch(c -> c == '/' || c == '\\' || c < ' ' || c == ':');
    if (!plain) {
      throw new CorruptFileException(
          index,
          "index must map tensors to .safetensors files of its own folder",
          "tensor",
          tensor,
          "names",
          shard);
    }
  }

  private static Map<String, SafetensorsFile> join(
      Path index, Map<String, String> weightMap, Map<String, SafetensorsFile> byFile) {
    Map<String, SafetensorsFile> byTensor = new LinkedHashMap<>();
    weightMap.forEach((tensor, shard) -> {
      SafetensorsFile file = byFile.get(shard);
      if (file == null || !file.names().contains(tensor)) {
        throw new CorruptFileException(
            index, "a tensor of the index must be in its file", "tensor", tensor, "in", shard);
      }
      byTensor.put(tensor, file);
    });
    byFile.forEach((shard, file) ->
        file.names()
            .forEach(tensor -> {
              if (!shard.equals(weightMap.get(tensor))) {
                throw new CorruptFileException(
                    index,
                    "a tensor of a shard must be in the index, for that shard",
                    "tensor",
                    tensor,
                    "in",
                    shard);
              }
            }));
    return byTensor;
  }

  /// Metadata of all shards; the first one to have a key decides.
  @Override
  public Map<String, String> description() {
    Map<String, String> merged = new LinkedHashMap<>();
    byFile.values().forEach(file -> file.description().forEach(merged::putIfAbsent));
    return merged;
  }

  @Override
  public Set<String> names() {
    return Collections.unmodifiableSet(byTensor.keySet());
  }

  @Override
  public DType dtype(String name) {
    return file(name).dtype(name);
  }

  @Override
  public long[] shape(String name) {
    return file(name).shape(name);
  }

  @Override
  public StoredTensor get(String name) {
    return file(name).get(name);
  }

  @Override
  public void copyTo(String name, MemorySegment f32Destination) {
    file(name).copyTo(name, f32Destination);
  }

  @Override
  public void close() {
    byFile.values().forEach(SafetensorsFile::close);
  }

  private SafetensorsFile file(String name) {
    SafetensorsFile file = byTensor.get(name);
    if (file == null) {
      throw Checkpoint.unknownTensor(index, name, byTensor.keySet());
    }
    return file;
  }

  @Override
  public String toString() {
    return "checkpoint " + index.resolveSibling("");
  }
}
