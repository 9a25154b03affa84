package dev.burnish.safetensors;

import dev.burnish.tensor.DType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// The weights of a model under their Hugging Face names, wherever they are: a folder with
/// `model.safetensors`, with `model.safetensors.index.json` and its shards, or with one `.gguf`
/// file; or a `.safetensors` or `.gguf` file itself. Everything is mapped; opening reads headers
/// only. Safe for use by several threads. Tensors that [#get] returned end with [#close].
public final class Checkpoint implements AutoCloseable {
  /// What holds tensors: one file of either format, or the shards of an index.
  sealed interface Source extends AutoCloseable permits SafetensorsFile, ShardedFiles, GgufFile {
    /// What the file says of itself: `__metadata__`, or the texts under `general.` in a GGUF file.
    Map<String, String> description();

    Set<String> names();

    /// Element type that [#get] gives.
    DType dtype(String name);

    long[] shape(String name);

    StoredTensor get(String name);

    /// Writes the tensor as F32.
    void copyTo(String name, MemorySegment f32Destination);

    @Override
    void close();
  }

  private final Path path;
  private final Source source;

  private Checkpoint(Path path, Source source) {
    this.path = path;
    this.source = source;
  }

  /// Opens a folder or a file.
  ///
  /// @throws CorruptFileException where a file breaks a rule of its format
  /// @throws IllegalArgumentException where there are no weights
  /// @throws UncheckedIOException where they cannot be read
  public static Checkpoint open(Path folderOrFile) {
    return new Checkpoint(folderOrFile, source(folderOrFile));
  }

  /// The file `name` of a model folder, after checking that it is inside it. A link may lead out of
  /// the folder only in the hub's cache, from `snapshots/REVISION` to `blobs` of the same model.
  ///
  /// @throws CorruptFileException where the name or a link leads elsewhere
  /// @throws UncheckedIOException where there is no such file
  public static Path file(Path folder, String name) {
    boolean plain = name.chars().noneMatch(c -> c == '/' || c == '\\' || c == 0);
    if (!plain || name.isEmpty() || name.equals(".") || name.equals("..")) {
      throw new CorruptFileException(
          folder, "a file of a model must be named without a path", "name", name);
    }
    try {
      Path real = folder.resolve(name).toRealPath();
      Path home = folder.toRealPath();
      if (!real.startsWith(home) && !real.startsWith(blobs(home))) {
        throw new CorruptFileException(
            folder.resolve(name), "a link must not lead out of the model's folder", "to", real);
      }
      return real;
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read file=" + folder.resolve(name) + ": " + e, e);
    }
  }

  /// As [#file], empty where there is no such file.
  public static Optional<Path> findFile(Path folder, String name) {
    return Files.exists(folder.resolve(name)) ? Optional.of(file(folder, name)) : Optional.empty();
  }

  /// What the file says of itself: `__metadata__`, or the texts under `general.` in a GGUF file.
  public Map<String, String> metadata() {
    return source.description();
  }

  /// Whether the weights are in a GGUF file, which may hold them quantised.
  public boolean isGguf() {
    return source instanceof GgufFile;
  }

  /// Names of all tensors.
  public Set<String> names() {
    return source.names();
  }

  public boolean contains(String name) {
    return source.names().contains(name);
  }

  /// Element type of what [#get] gives; quantised tensors count as F32.
  public DType dtype(String name) {
    return source.dtype(name);
  }

  public long[] shape(String name) {
    return source.shape(name);
  }

  /// The tensor: a view of the map where the file has it as it is, else (quantised, or permuted)
  /// converted into new memory.
  public StoredTensor get(String name) {
    return source.get(name);
  }

  /// Writes the tensor to `f32Destination` as F32, on all cores where it is large.
  ///
  /// @param f32Destination exactly four bytes for each element
  public void copyTo(String name, MemorySegment f32Destination) {
    source.copyTo(name, f32Destination);
  }

  @Override
  public void close() {
    source.close();
  }

  @Override
  public String toString() {
    return "checkpoint " + path;
  }

  static IllegalArgumentException unknownTensor(Path path, String name, Collection<String> names) {
    return new IllegalArgumentException(
        "tensor must be in the checkpoint: tensor=%s, file=%s, tensors=%d, first=%s"
            .formatted(name, path, names.size(), names.stream().limit(1).toList()));
  }

  private static Source source(Path path) {
    if (!Files.isDirectory(path)) {
      return path.toString().endsWith(".gguf") ? GgufFile.open(path) : SafetensorsFile.open(path);
    }
    if (Files.exists(path.resolve(SafetensorsWriter.SINGLE))) {
      return SafetensorsFile.open(file(path, SafetensorsWriter.SINGLE));
    }
    if (Files.exists(path.resolve(SafetensorsWriter.INDEX))) {
      return ShardedFiles.open(path);
    }
    List<String> ggufs = ggufs(path);
    if (ggufs.size() == 1) {
      return GgufFile.open(file(path, ggufs.getFirst()));
    }
    throw new IllegalArgumentException(
        "a model folder must have model.safetensors, model.safetensors.index.json or one .gguf file: folder=%s, ggufFiles=%s; name the file or fetch the weights"
            .formatted(path, ggufs));
  }

  private static List<String> ggufs(Path folder) {
    List<String> names = new ArrayList<>();
    try (var files = Files.newDirectoryStream(folder, "*.gguf")) {
      // Not those of an editor, a sync tool or macOS.
      files.forEach(file -> names.add(file.getFileName().toString()));
      names.removeIf(name -> name.startsWith("."));
    } catch (IOException e) {
      throw new UncheckedIOException("cannot list folder=" + folder + ": " + e, e);
    }
    names.sort(null);
    return names;
  }

  private static Path blobs(Path folder) {
    Path snapshots = folder.resolveSibling("");
    boolean cached = snapshots.endsWith("snapshots");
    return cached ? snapshots.resolveSibling("blobs") : folder;
  }
}
