package dev.burnish.data;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.StreamSupport;

/// Finds the files of a split by the words in the names of files, then of folders, as the original
/// library does where nothing else says what lies where. Where no name says anything, everything is
/// to train on.
///
/// Source: huggingface/datasets, `data_files.py`: `SPLIT_KEYWORDS` and the patterns below it.
final class SplitNames {
  private static final String SEPARATOR = "[-._ 0-9]";
  private static final Map<String, List<String>> WORDS =
      Map.of(
          "train", List.of("train", "training"),
          "validation", List.of("validation", "valid", "dev", "val"),
          "test", List.of("test", "testing", "eval", "evaluation"));

  private SplitNames() {}

  /// @param root of the names that count
  /// @param files below it
  static List<Path> files(Path root, List<Path> files, String split) {
    boolean unsaid =
        split.equals("train")
            && WORDS.keySet().stream().allMatch(known -> named(root, files, known).isEmpty());
    return unsaid ? files : named(root, files, split);
  }

  private static List<Path> named(Path root, List<Path> files, String split) {
    Pattern words = words(WORDS.getOrDefault(split, List.of(split)));
    List<Path> found = of(files, file -> words.matcher(fileName(file)).matches());
    return found.isEmpty() ? of(files, file -> inFolder(root.relativize(file), words)) : found;
  }

  private static Pattern words(List<String> words) {
    String any = String.join("|", words.stream().map(Pattern::quote).toList());
    return Pattern.compile("(.*%s)?(%s)(%s.*)?".formatted(SEPARATOR, any, SEPARATOR));
  }

  private static String fileName(Path file) {
    return file.getFileName().toString();
  }

  private static boolean inFolder(Path file, Pattern words) {
    return StreamSupport.stream(file.spliterator(), false)
        .limit(file.getNameCount() - 1L)
        .anyMatch(folder -> words.matcher(folder.toString()).matches());
  }

  private static List<Path> of(List<Path> files, Predicate<Path> wanted) {
    return files.stream().filter(wanted).toList();
  }
}
