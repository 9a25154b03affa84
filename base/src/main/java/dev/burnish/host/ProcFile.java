package dev.burnish.host;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// A file of Linux's `/proc` with one `name: value` per line; empty where there is none.
final class ProcFile {
  private final List<String> lines;

  private ProcFile(List<String> lines) {
    this.lines = lines;
  }

  static ProcFile of(List<String> lines) {
    return new ProcFile(List.copyOf(lines));
  }

  static ProcFile read(Path file) {
    if (!Files.isReadable(file)) {
      return of(List.of());
    }
    try {
      return of(Files.readAllLines(file));
    } catch (NoSuchFileException e) {
      return of(List.of()); // of a process that has ended meanwhile
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read file=" + file + ": " + e, e);
    }
  }

  /// The value of the first line of that name.
  Optional<String> field(String name) {
    return lines.stream()
        .filter(line -> line.startsWith(name))
        .filter(line -> line.substring(name.length()).stripLeading().startsWith(":"))
        .map(line -> line.substring(line.indexOf(':') + 1).strip())
        .findFirst();
  }
}
