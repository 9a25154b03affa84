package dev.burnish.data.files;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// Leaves out files that would give the rows of a split twice: a second name of a file (a link),
/// and a copy of a file whose name only adds an ending, such as `train.jsonl.gz` or
/// `train.jsonl.bak` next to `train.jsonl`.
final class Copies {
  private static final int BLOCK = 1 << 16;

  private final List<String> notes;

  /// @param notes takes the files that were left out
  Copies(List<String> notes) {
    this.notes = notes;
  }

  List<Path> leftOut(List<Path> files) {
    List<Path> once = new ArrayList<>();
    Map<Path, Path> byRealPath = new HashMap<>();
    for (Path file : files) {
      Path first = byRealPath.putIfAbsent(real(file), file);
      if (first == null) {
        once.add(file);
      } else {
        notes.add("left out %s: it is the file %s".formatted(file, first));
      }
    }
    Set<Path> all = Set.copyOf(once);
    once.removeIf(
        file -> originals(file).anyMatch(other -> all.contains(other) && isCopy(file, other)));
    return once;
  }

  /// The files in the same folder whose name is a beginning of this one's name.
  private static Stream<Path> originals(Path file) {
    String name = String.valueOf(file.getFileName());
    return IntStream.range(1, name.length())
        .filter(i -> name.charAt(i) == '.')
        .mapToObj(i -> file.resolveSibling(name.substring(0, i)));
  }

  private static Path real(Path file) {
    try {
      return file.toRealPath();
    } catch (IOException e) {
      return file.toAbsolutePath();
    }
  }

  private boolean isCopy(Path file, Path other) {
    if (!same(file, other)) {
      throw new IllegalArgumentException(
          "a split has each of its files once: %s and %s have one name and differ; remove or rename one of them"
              .formatted(other, file));
    }
    notes.add("left out %s: it is a copy of %s".formatted(file, other));
    return true;
  }

  /// Whether two files have the same bytes when they are unpacked.
  private static boolean same(Path one, Path other) {
    try (InputStream first = Compression.open(one);
        InputStream second = Compression.open(other)) {
      byte[] ofFirst = first.readNBytes(BLOCK);
      while (ofFirst.length > 0 && Arrays.equals(ofFirst, second.readNBytes(BLOCK))) {
        ofFirst = first.readNBytes(BLOCK);
      }
      return ofFirst.length == 0 && second.read() < 0;
    } catch (IOException e) {
      return false;
    }
  }
}
