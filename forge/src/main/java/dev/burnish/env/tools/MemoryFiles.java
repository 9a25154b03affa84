package dev.burnish.env.tools;

import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/// Files in a map. Thread-safe: calls of one turn may run at the same time.
final class MemoryFiles implements ScratchFiles {
  private static final int LONGEST_NAME = 200;

  private final int most;
  private final int characters;
  private final Map<String, String> files = new TreeMap<>();

  MemoryFiles(int most, int characters) {
    this.most = most;
    this.characters = characters;
  }

  @Override
  public synchronized String writeFile(String name, String text) {
    if (name.isBlank() || name.length() > LONGEST_NAME) {
      throw new IllegalArgumentException(
          "a name must have 1 to %d characters".formatted(LONGEST_NAME));
    }
    long others =
        files.entrySet().stream()
            .filter(file -> !file.getKey().equals(name))
            .mapToLong(file -> (long) file.getKey().length() + file.getValue().length())
            .sum();
    if (others + name.length() + text.length() > characters) {
      throw new IllegalArgumentException(
          "all files must have at most %d characters together; delete some".formatted(characters));
    }
    if (files.size() >= most && !files.containsKey(name)) {
      throw new IllegalArgumentException("there must be at most %d files".formatted(most));
    }
    files.put(name, text);
    return "wrote %d characters to %s".formatted(text.length(), name);
  }

  @Override
  public synchronized String readFile(String name) {
    return existing(name);
  }

  private String existing(String name) {
    String text = files.get(name);
    if (text == null) {
      throw new IllegalArgumentException(
          "there is no file %s; there are %s".formatted(name, files.keySet()));
    }
    return text;
  }

  @Override
  public synchronized String listFiles() {
    return files.isEmpty()
        ? "there are no files"
        : files.entrySet().stream()
            .map(file -> "%s %d".formatted(file.getKey(), file.getValue().length()))
            .collect(Collectors.joining("\n"));
  }

  @Override
  public synchronized String deleteFile(String name) {
    existing(name);
    files.remove(name);
    return "deleted " + name;
  }
}
