package dev.burnish.safetensors;

import dev.burnish.tensor.DType;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Map;
import java.util.Set;

/// The weights of a model under their Hugging Face names, in whatever files they are. Everything is
/// mapped; opening reads headers only. Safe for use by several threads. Tensors that [#get]
/// returned end with [#close].
public interface Checkpoint extends AutoCloseable {
  /// Opens a `.safetensors` file, or a folder with `model.safetensors` or with
  /// `model.safetensors.index.json` and its shards.
  ///
  /// @throws CorruptFileException where a file breaks a rule of the format
  /// @throws IllegalArgumentException where a folder has neither
  /// @throws UncheckedIOException where a file cannot be read
  static Checkpoint open(Path folderOrFile) {
    if (!Files.isDirectory(folderOrFile)) {
      return SafetensorsFile.open(folderOrFile);
    }
    if (Files.exists(folderOrFile.resolve(SafetensorsWriter.SINGLE))) {
      return SafetensorsFile.open(ModelFolder.file(folderOrFile, SafetensorsWriter.SINGLE));
    }
    if (Files.exists(folderOrFile.resolve(SafetensorsWriter.INDEX))) {
      return ShardedFiles.open(folderOrFile);
    }
    throw new IllegalArgumentException(
        "a folder of weights must have model.safetensors or model.safetensors.index.json: folder=%s; name the file or fetch the weights"
            .formatted(folderOrFile));
  }

  /// Whether `folder` has safetensors files under the names of a model's weights.
  static boolean isIn(Path folder) {
    return Files.exists(folder.resolve(SafetensorsWriter.SINGLE))
        || Files.exists(folder.resolve(SafetensorsWriter.INDEX));
  }

  /// The file's own description: `__metadata__`, or the texts under `general.` in a GGUF file.
  Map<String, String> description();

  /// Names of all tensors.
  Set<String> names();

  default boolean contains(String name) {
    return names().contains(name);
  }

  /// Element type of the result of [#get]; quantised tensors count as F32.
  DType dtype(String name);

  long[] shape(String name);

  /// The tensor: a view of the map if the file has it in that form, else (quantised, or permuted)
  /// converted into new memory.
  StoredTensor get(String name);

  /// Writes the tensor to `f32Destination` as F32, on all cores where it is large.
  ///
  /// @param f32Destination exactly four bytes for each element
  void copyTo(String name, MemorySegment f32Destination);

  @Override
  void close();

  /// For a name that none of the tensors has.
  static IllegalArgumentException unknownTensor(Path path, String name, Collection<String> names) {
    return new IllegalArgumentException(
        "tensor must be in the checkpoint: tensor=%s, file=%s, tensors=%d, first=%s"
            .formatted(name, path, names.size(), names.stream().limit(1).toList()));
  }
}
