package dev.burnish.data.files;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;

/// A pattern of paths as `datasets` reads it: `*` and `?` stay within a name, `**` stands for any
/// folders, `[..]` for one character. Hidden files (a name that begins with a point, a folder that
/// begins with two underscores) match only where the pattern says so.
///
/// Source: fsspec 2026.9, `glob_translate`; datasets 5.2, `resolve_pattern`.
final class Glob {
  private final String text;
  private final Pattern regex;

  private Glob(String text, Pattern regex) {
    this.text = text;
    this.regex = regex;
  }

  /// @throws IllegalArgumentException if `**` is only a part of a name
  static Glob of(String text) {
    String clean = text.replaceAll("/{2,}", "/").replaceFirst("^(\\./)+", "");
    List<String> parts = List.of(clean.split("/", -1));
    var regex = new StringBuilder();
    for (int i = 0; i < parts.size(); i++) {
      regex.append(part(text, parts.get(i), i == parts.size() - 1));
    }
    return new Glob(clean, Pattern.compile(regex.toString(), Pattern.DOTALL));
  }

  private static String part(String text, String part, boolean last) {
    if (part.equals("**")) {
      return last ? ".*" : "(?:.+/)?";
    }
    if (part.contains("**")) {
      throw new IllegalArgumentException(
          "in a pattern of files ** is a whole name: path=%s; write **/*.jsonl for all below"
              .formatted(text));
    }
    return (part.equals("*") ? "[^/]+" : name(part)) + (last ? "" : "/");
  }

  private static String name(String part) {
    var regex = new StringBuilder();
    for (int i = 0; i < part.length(); i++) {
      int end = part.charAt(i) == '[' ? endOfSet(part, i) : i;
      regex.append(
          switch (part.charAt(i)) {
            case '*' -> "[^/]*";
            case '?' -> "[^/]";
            case '[' -> end > i ? set(part.substring(i + 1, end)) : "\\[";
            default -> Pattern.quote(part.substring(i, i + 1));
          });
      i = end;
    }
    return regex.toString();
  }

  /// The end of the set that begins at `start`; `start` itself where the set does not end.
  private static int endOfSet(String part, int start) {
    int first = part.startsWith("!", start + 1) ? start + 2 : start + 1;
    int end = part.indexOf(']', first + 1);
    return end < 0 ? start : end;
  }

  private static String set(String content) {
    boolean not = content.startsWith("!");
    String members = (not ? content.substring(1) : content).replaceAll("[\\\\\\[\\]^&]", "\\\\$0");
    return (not ? "[^/" : "[") + members + "]";
  }

  /// Whether a name in the pattern stands for several.
  boolean isPattern() {
    return text.chars().anyMatch(c -> "*?[".indexOf(c) >= 0);
  }

  /// @param path relative to the same folder as the pattern
  boolean matches(Path path) {
    return regex.matcher(text(path)).matches()
        && count(path, ".", 0) == count(Path.of(text), ".", 0)
        && count(path, "__", 1) == count(Path.of(text), "__", 1);
  }

  /// The number of names before the last `last` that begin with `beginning`; `..` is none.
  private static long count(Path path, String beginning, int last) {
    return Arrays.stream(text(path).split("/", -1))
        .limit(path.getNameCount() - last)
        .filter(name -> name.startsWith(beginning) && !name.matches("\\.+"))
        .count();
  }

  private static String text(Path path) {
    List<String> names = new ArrayList<>();
    path.forEach(name -> names.add(name.toString()));
    return String.join("/", names);
  }

  /// Whether the pattern asks for hidden files.
  boolean namesHidden() {
    Path path = Path.of(text);
    return count(path, ".", 0) + count(path, "__", 1) > 0;
  }

  /// The folders before the first name that stands for several.
  Path root() {
    List<String> parts = List.of(text.split("/", -1));
    int plain = 0;
    while (plain < parts.size() - 1 && !of(parts.get(plain)).isPattern()) {
      plain++;
    }
    return Path.of(String.join("/", parts.subList(0, plain)));
  }

  @Override
  public String toString() {
    return text;
  }
}
