package dev.burnish.data.files;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/// The form in which files hold rows. The endings of a file's name tell it, the last one that is
/// known; others may follow: `train.jsonl.gz`, `train.jsonl.part`.
public enum Format {
  JSON(".jsonl .json .ndjson"),
  PARQUET(".parquet .geoparquet .gpq"),
  /// Not read.
  CSV(".csv .tsv"),
  /// Not read.
  ARROW(".arrow");

  /// The preferred endings where several are equally frequent.
  private static final List<String> FAVOURITES =
      List.of(".csv", ".json", ".jsonl", ".arrow", ".parquet");

  private final String endings;

  Format(String endings) {
    this.endings = endings;
  }

  private List<String> endings() {
    return List.of(endings.split(" ", -1));
  }

  /// The format of a file with that name.
  public static Optional<Format> of(String name) {
    return endings(name).reduce((first, last) -> last).flatMap(Format::ofEnding);
  }

  private static Optional<Format> ofEnding(String ending) {
    return Arrays.stream(values()).filter(format -> format.endings().contains(ending)).findFirst();
  }

  /// The known endings of a name.
  private static Stream<String> endings(String name) {
    return Arrays.stream(name.split("\\.", -1))
        .skip(1)
        .map(ending -> "." + ending.toLowerCase(Locale.ROOT))
        .filter(ending -> ofEnding(ending).isPresent());
  }

  /// The format of most of the files, as `datasets` chooses one for a split.
  ///
  /// Source: datasets 5.2, `infer_module_for_data_files_list`.
  static Optional<Format> ofMost(List<Path> files) {
    Map<String, Integer> counts = new HashMap<>();
    files.stream()
        .flatMap(file -> endings(String.valueOf(file.getFileName())))
        .forEach(ending -> counts.merge(ending, 1, Integer::sum));
    Comparator<String> order =
        Comparator.<String>comparingInt(counts::get)
            .thenComparingInt(FAVOURITES::indexOf)
            .thenComparing(Comparator.naturalOrder());
    return counts.keySet().stream().max(order).flatMap(Format::ofEnding);
  }

  boolean has(Path file) {
    return of(String.valueOf(file.getFileName())).filter(this::equals).isPresent();
  }

  boolean isRead() {
    return this == JSON || this == PARQUET;
  }

  @Override
  public String toString() {
    return endings().getFirst();
  }
}
