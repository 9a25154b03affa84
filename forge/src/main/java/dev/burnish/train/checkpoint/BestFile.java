package dev.burnish.train.checkpoint;

import dev.burnish.files.AtomicFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/// `best.json`, which names the best checkpoint of a folder and is replaced whole.
///
/// Threading: read by all threads, written by the one that writes checkpoints.
final class BestFile {
  private static final String NAME = "best.json";

  private final Path file;

  BestFile(Path folder) {
    file = folder.resolve(NAME);
  }

  /// The content of the file, where there is one.
  ///
  /// @throws IllegalArgumentException if it cannot be read
  Optional<Best> read() {
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    try {
      return Optional.of(JsonMapper.shared().readValue(Files.readAllBytes(file), Best.class));
    } catch (IOException | JacksonException e) {
      throw new IllegalArgumentException(
          "the best checkpoint is named in a readable file: file=%s (%s); remove it"
              .formatted(file, e.getMessage()),
          e);
    }
  }

  void write(Best best) {
    AtomicFile.write(file, JsonMapper.shared().writeValueAsBytes(best));
  }

  void remove() {
    try {
      Files.delete(file);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot remove file=" + file, e);
    }
  }
}
