package dev.burnish.data.files;

import java.nio.file.Path;
import java.util.List;

/// The files of a split, in order.
///
/// @param notes the files that were left out, and why
public record SplitFiles(List<Path> files, List<String> notes) {
  public SplitFiles {
    files = List.copyOf(files);
    notes = List.copyOf(notes);
  }

  static boolean holdRows(Path file) {
    return Format.of(String.valueOf(file.getFileName())).isPresent();
  }

  static boolean areRead(Path file) {
    return Format.of(String.valueOf(file.getFileName())).filter(Format::isRead).isPresent();
  }
}
