package dev.burnish.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/// The files that a process has open, as far as this user may see that.
///
/// @param isOrphan whether the process that started it is gone
/// @param paths of its files and its folder
/// @param regions bytes of memory that it shares with others, by name
record OpenFiles(long pid, boolean isOrphan, List<String> paths, Map<String, Long> regions) {
  private static final Path PROC = Path.of("/proc");
  private static final String REGION = "burnish-region-";

  OpenFiles {
    paths = List.copyOf(paths);
    regions = Map.copyOf(regions);
  }

  /// Those of all other processes; none where there is no `/proc`.
  static List<OpenFiles> all() {
    if (!Files.isDirectory(PROC)) {
      return List.of();
    }
    return ProcessHandle.allProcesses()
        .filter(each -> each.pid() != ProcessHandle.current().pid())
        .map(OpenFiles::of)
        .toList();
  }

  private static OpenFiles of(ProcessHandle process) {
    Path folder = PROC.resolve(Long.toString(process.pid()));
    List<String> paths = new ArrayList<>();
    Map<String, Long> regions = new HashMap<>();
    try (Stream<Path> files = Files.list(folder.resolve("fd"))) {
      files.forEach(file -> add(file, paths, regions));
    } catch (IOException | UncheckedIOException e) {
      // Of another user, or it has ended.
    }
    add(folder.resolve("cwd"), paths, regions);
    boolean orphan = process.parent().map(parent -> parent.pid() == 1).orElse(true);
    return new OpenFiles(process.pid(), orphan, paths, regions);
  }

  private static void add(Path link, List<String> paths, Map<String, Long> regions) {
    try {
      String target = Files.readSymbolicLink(link).toString();
      paths.add(target);
      if (target.contains(REGION)) {
        regions.put(target, Files.size(link));
      }
    } catch (IOException e) {
      // It was closed meanwhile, or is not ours to see.
    }
  }

  boolean uses(Path path) {
    return paths.stream()
        .anyMatch(each -> each.equals(path.toString()) || each.startsWith(path + "/"));
  }

  long regionBytes() {
    return regions.values().stream().mapToLong(Long::longValue).sum();
  }
}
