package dev.burnish.data.files;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// The files of a split in a folder where only their names tell: those in `data/` named
/// `<split>-00000-of-00001`, else those in folders named by the words for a split, else those whose
/// own names contain such a word, else all, as training data.
///
/// Source: datasets 5.2, `data_files.py`: `_get_data_files_patterns`.
final class SplitPatterns {
  private static final String SHARD = "-[0-9][0-9][0-9][0-9][0-9]-of-[0-9][0-9][0-9][0-9][0-9]*.*";
  private static final Pattern SHARD_NAME = Pattern.compile("(.+)-\\d{5}-of-\\d{5}.*\\..*");
  private static final String SEPARATOR = "[-._ 0-9]";
  private static final Map<String, List<String>> WORDS = words();

  private SplitPatterns() {}

  private static Map<String, List<String>> words() {
    Map<String, List<String>> words = new LinkedHashMap<>();
    words.put("train", List.of("train", "training"));
    words.put("validation", List.of("validation", "valid", "dev", "val"));
    words.put("test", List.of("test", "testing", "eval", "evaluation"));
    return words;
  }

  /// The splits of a folder with their files.
  static Map<String, Listing> splits(Listing all) {
    Map<String, Listing> found = sharded(all);
    if (found.isEmpty()) {
      found = worded(all, SplitPatterns::inFolders);
    }
    if (found.isEmpty()) {
      found = worded(all, SplitPatterns::inNames);
    }
    Listing whole = all.matching(Glob.of("**"));
    return found.isEmpty() && !whole.files().isEmpty() ? Map.of("train", whole) : found;
  }

  /// The files of a split with an unusual name, by that name.
  static Optional<Listing> named(Listing all, String split) {
    return WORDS.containsKey(split)
        ? Optional.empty()
        : Stream.of(inFolders(all, words(split)), inNames(all, words(split)))
            .filter(found -> !found.files().isEmpty())
            .findFirst();
  }

  private static List<String> words(String split) {
    return List.of(literal(split));
  }

  private static Map<String, Listing> sharded(Listing all) {
    Map<String, Listing> splits = new LinkedHashMap<>();
    for (var file : all.matching(Glob.of("data/*" + SHARD)).files()) {
      Matcher name = SHARD_NAME.matcher(String.valueOf(file.getFileName()));
      if (name.matches()) {
        Glob shards = Glob.of("data/" + literal(name.group(1)) + SHARD);
        splits.put(name.group(1), all.matching(shards));
      }
    }
    return splits;
  }

  /// A pattern that matches that text alone.
  private static String literal(String text) {
    return text.replaceAll("[*?\\[]", "[$0]");
  }

  private static Map<String, Listing> worded(
      Listing all, BiFunction<Listing, List<String>, Listing> where) {
    Map<String, Listing> splits = new LinkedHashMap<>();
    WORDS.forEach((split, words) -> {
      Listing found = where.apply(all, words);
      if (!found.files().isEmpty()) {
        splits.put(split, found);
      }
    });
    return splits;
  }

  private static Listing inFolders(Listing all, List<String> words) {
    return matching(
        all, words, "**/%1$s/**", "**/%1$s%2$s*/**", "**/*%2$s%1$s/**", "**/*%2$s%1$s%2$s*/**");
  }

  private static Listing inNames(Listing all, List<String> words) {
    return matching(all, words, "**/%1$s%2$s*", "**/*%2$s%1$s%2$s*");
  }

  private static Listing matching(Listing all, List<String> words, String... forms) {
    return all.matching(
        words.stream()
            .flatMap(word -> Stream.of(forms).map(form -> form.formatted(word, SEPARATOR)))
            .map(Glob::of)
            .toArray(Glob[]::new));
  }
}
