package dev.burnish.env.code;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/// The files of a task, and what a rollout has changed of them. Immutable: trees of many rollouts
/// share their base, and one that is kept can be continued in several ways.
///
/// @param base by path, in base 64
/// @param changed in the same way; over the base
/// @param deleted paths of the base
public record WorkTree(
    Map<String, String> base, Map<String, String> changed, List<String> deleted) {
  private static final long MOST_BYTES = 8 << 20;

  public WorkTree {
    deleted = List.copyOf(deleted);
    changed = Map.copyOf(changed);
  }

  /// A tree of text files by their paths.
  public static WorkTree of(Map<String, String> texts) {
    Map<String, String> files = new TreeMap<>();
    texts.forEach(
        (path, text) -> files.put(checked(path), encoded(text.getBytes(StandardCharsets.UTF_8))));
    return new WorkTree(Map.copyOf(files), Map.of(), List.of());
  }

  /// The files below a folder, without links.
  ///
  /// @throws IllegalArgumentException if they have more than 8 MiB
  public static WorkTree ofFolder(Path root) {
    Map<String, String> files = new HashMap<>();
    long bytes = 0;
    try (Stream<Path> all = Files.walk(root)) {
      for (Path file : all.filter(WorkTree::isPlain).sorted().toList()) {
        bytes += Files.size(file);
        if (bytes > MOST_BYTES) {
          throw new IllegalArgumentException(
              "a task's folder must have at most %d bytes: folder=%s; leave out what it can do without"
                  .formatted(MOST_BYTES, root));
        }
        String path = root.relativize(file).toString().replace('\\', '/');
        files.put(path, encoded(Files.readAllBytes(file)));
      }
    } catch (IOException e) {
      throw new UncheckedIOException("a task's folder must be readable: folder=" + root, e);
    }
    return new WorkTree(Map.copyOf(files), Map.of(), List.of());
  }

  private static boolean isPlain(Path file) {
    return Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS);
  }

  private static String encoded(byte[] bytes) {
    return Base64.getEncoder().encodeToString(bytes);
  }

  /// The sandbox would hold a path that leaves the tree, but then it is no file of the tree.
  private static String checked(String path) {
    Path normal = Path.of(path).normalize();
    if (path.isEmpty() || normal.isAbsolute() || normal.startsWith("..")) {
      throw new IllegalArgumentException("a file must lie in its tree: path=" + path);
    }
    return path;
  }

  /// The files as they are now.
  NavigableMap<String, String> files() {
    NavigableMap<String, String> files = new TreeMap<>(base);
    deleted.forEach(files::remove);
    files.putAll(changed);
    return files;
  }

  /// Paths of the files as they are now.
  public List<String> paths() {
    return List.copyOf(files().keySet());
  }

  /// The text of a file.
  ///
  /// @throws IllegalArgumentException if there is none of that path
  public String text(String path) {
    String content = files().get(path);
    if (content == null) {
      throw new IllegalArgumentException("there must be such a file: path=" + path);
    }
    return new String(Base64.getDecoder().decode(content), StandardCharsets.UTF_8);
  }

  /// This tree with further changes.
  WorkTree with(Map<String, String> more, List<String> without) {
    Map<String, String> files = new HashMap<>(changed);
    files.putAll(more);
    List<String> gone = new ArrayList<>(deleted);
    gone.removeAll(more.keySet());
    for (String path : without) {
      files.remove(path);
      if (base.containsKey(path) && !gone.contains(path)) {
        gone.add(path);
      }
    }
    return new WorkTree(base, files, gone);
  }

  /// This tree with the files of another one over its own.
  WorkTree over(WorkTree other) {
    return with(other.files(), List.of());
  }
}
