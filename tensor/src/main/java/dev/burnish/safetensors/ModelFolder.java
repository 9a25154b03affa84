package dev.burnish.safetensors;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/// The files of a model's folder, found by names that may come from a file that is not trusted.
public final class ModelFolder {
  private ModelFolder() {}

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

  private static Path blobs(Path folder) {
    Path snapshots = folder.resolveSibling("");
    boolean cached = snapshots.endsWith("snapshots");
    return cached ? snapshots.resolveSibling("blobs") : folder;
  }
}
