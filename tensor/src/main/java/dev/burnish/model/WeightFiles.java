package dev.burnish.model;

import dev.burnish.gguf.GgufFile;
import dev.burnish.safetensors.Checkpoint;
import dev.burnish.safetensors.ModelFolder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// The weights of a model, wherever they are: a folder with `model.safetensors`, with
/// `model.safetensors.index.json` and its shards, or with one `.gguf` file; or a `.safetensors` or
/// `.gguf` file itself.
public final class WeightFiles {
  private WeightFiles() {}

  /// Opens a folder or a file.
  ///
  /// @throws dev.burnish.safetensors.CorruptFileException where a file breaks a rule of its format
  /// @throws IllegalArgumentException where there are no weights
  /// @throws UncheckedIOException where they cannot be read
  public static Checkpoint open(Path folderOrFile) {
    if (!Files.isDirectory(folderOrFile)) {
      return folderOrFile.toString().endsWith(".gguf")
          ? GgufFile.open(folderOrFile)
          : Checkpoint.open(folderOrFile);
    }
    if (Checkpoint.isIn(folderOrFile)) {
      return Checkpoint.open(folderOrFile);
    }
    List<String> ggufs = ggufs(folderOrFile);
    if (ggufs.size() == 1) {
      return GgufFile.open(ModelFolder.file(folderOrFile, ggufs.getFirst()));
    }
    throw new IllegalArgumentException(
        "a model folder must have model.safetensors, model.safetensors.index.json or one .gguf file: folder=%s, ggufFiles=%s; name the file or fetch the weights"
            .formatted(folderOrFile, ggufs));
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
}
