package dev.burnish.data.files;

import java.io.IOException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/// The files below a folder, in order of their paths, through symbolic links; a link that leads
/// back to a folder above is passed over.
///
/// @param root the folder that the paths are relative to
/// @param broken links of files that are gone
record Listing(Path root, List<Path> files, List<Path> broken) {
  /// Files of folders that hold facts about a data set, no rows.
  private static final Set<String> FACTS =
      Set.of(
          "README.md",
          "config.json",
          "dataset_info.json",
          "dataset_infos.json",
          "dataset_dict.json",
          "state.json");

  /// All files that are not hidden.
  static Listing of(Path root) {
    return of(root, root, false);
  }

  /// The files that a pattern matches, in order.
  static Listing of(Path root, Glob glob) {
    if (!glob.isPattern()) {
      Path file = Path.of(glob.toString());
      return new Listing(
          root, Files.isRegularFile(root.resolve(file)) ? List.of(file) : List.of(), List.of());
    }
    Path below = root.resolve(glob.root()).normalize();
    return Files.isDirectory(below)
        ? of(root, below, glob.namesHidden()).matching(glob)
        : new Listing(root, List.of(), List.of());
  }

  private static Listing of(Path root, Path below, boolean hidden) {
    var walk = new Walk(root.normalize(), below, hidden);
    try {
      Files.walkFileTree(below, EnumSet.of(FileVisitOption.FOLLOW_LINKS), Integer.MAX_VALUE, walk);
    } catch (IOException e) {
      throw new IllegalArgumentException(
          "a data set folder can be listed: data=%s; check its permissions".formatted(below), e);
    }
    return new Listing(
        root, walk.files.stream().sorted().toList(), walk.broken.stream().sorted().toList());
  }

  /// The files that one of the patterns matches, in the order of the patterns.
  Listing matching(Glob... globs) {
    Set<Path> matched = new LinkedHashSet<>();
    Set<Path> gone = new LinkedHashSet<>();
    for (Glob glob : globs) {
      String named = String.valueOf(Path.of(glob.toString()).getFileName());
      files.stream()
          .filter(glob::matches)
          .filter(file -> !FACTS.contains(name(file)) || named.equals(name(file)))
          .forEach(matched::add);
      broken.stream().filter(glob::matches).forEach(gone::add);
    }
    return new Listing(root, List.copyOf(matched), List.copyOf(gone));
  }

  private static String name(Path file) {
    return String.valueOf(file.getFileName());
  }

  private static final class Walk extends SimpleFileVisitor<Path> {
    private final List<Path> files = new ArrayList<>();
    private final List<Path> broken = new ArrayList<>();
    private final Path root;
    private final Path below;
    private final boolean hidden;

    Walk(Path root, Path below, boolean hidden) {
      this.root = root;
      this.below = below;
      this.hidden = hidden;
    }

    @Override
    public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
      boolean passed =
          !hidden
              && !folder.equals(below)
              && (name(folder).startsWith(".") || name(folder).startsWith("__"));
      return passed ? FileVisitResult.SKIP_SUBTREE : FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
      if (Format.of(name(file)).isPresent()) {
        if (attributes.isSymbolicLink()) {
          broken.add(root.relativize(file));
        } else if (attributes.isRegularFile()) {
          files.add(root.relativize(file));
        }
      }
      return FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
      if (e instanceof FileSystemLoopException) {
        return FileVisitResult.CONTINUE;
      }
      throw e;
    }
  }
}
