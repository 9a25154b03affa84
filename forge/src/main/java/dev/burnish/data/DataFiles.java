package dev.burnish.data;

import dev.burnish.concurrent.Stop;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/// Reads data sets from files and folders.
public final class DataFiles {
  private static final int MAX_PROBLEMS = 20;

  private DataFiles() {}

  /// What happens at a row that can not be read.
  public enum OnBadRow {
    /// The load ends with the row's place and the reason.
    FAIL,
    /// The row is left out and counted.
    SKIP
  }

  /// All rows, each in the shape that is wanted.
  ///
  /// @param shape throws IllegalArgumentException for a row that does not fit
  /// @throws DataException if there is no such file, no row, or a bad one that may not be skipped
  public static <T> Loaded<T> load(DataSource source, Function<Row, T> shape, OnBadRow onBadRow) {
    var sink = new Sink<>(shape, onBadRow);
    List<Path> files = files(source);
    for (Path file : files) {
      read(file, sink);
    }
    return sink.loaded(source.path());
  }

  /// The files that a source consists of, in order.
  static List<Path> files(DataSource source) {
    Path path = source.path();
    if (path.toString().isBlank()) {
      throw new DataException(
          "a data set is named: data is not set; give a file or a folder with --set data=PATH");
    }
    if (!Files.exists(path)) {
      throw new DataException(
          "a data set exists: data=%s; check the path, or download it first".formatted(path));
    }
    return Files.isDirectory(path) ? HuggingFaceFolder.files(source) : List.of(path);
  }

  /// Whether a file of that name holds rows.
  static boolean isData(String name) {
    return name.endsWith(".parquet") || JsonLines.isOne(name);
  }

  private static void read(Path file, Sink<?> sink) {
    String name = file.getFileName().toString();
    try {
      if (name.endsWith(".parquet")) {
        Parquet.read(file, sink);
      } else if (JsonLines.isOne(name)) {
        JsonLines.read(file, sink);
      } else {
        throw new DataException(
            "a data file ends in .jsonl, .json (also with .gz or .zst) or .parquet: data=%s; convert it first"
                .formatted(file));
      }
    } catch (IOException e) {
      throw new DataException(
          "a data file can be read: data=%s (%s); check its permissions and that it is whole"
              .formatted(file, e.getMessage()),
          e);
    }
  }

  /// Takes rows from a reader and keeps what they became.
  static final class Sink<T> {
    private final Function<Row, T> shape;
    private final OnBadRow onBadRow;
    private final List<T> rows = new ArrayList<>();
    private final List<String> problems = new ArrayList<>();
    private long skipped;

    Sink(Function<Row, T> shape, OnBadRow onBadRow) {
      this.shape = shape;
      this.onBadRow = onBadRow;
    }

    long count() {
      return rows.size() + skipped;
    }

    void accept(Row row) {
      Stop.check();
      try {
        rows.add(shape.apply(row));
      } catch (IllegalArgumentException e) {
        reject(row.place(), String.valueOf(e.getMessage()));
      }
    }

    void reject(String place, String reason) {
      String problem = place + ": " + reason;
      if (onBadRow == OnBadRow.FAIL) {
        throw new DataException(problem + "; correct the row, or skip bad rows on request");
      }
      skipped++;
      if (problems.size() < MAX_PROBLEMS) {
        problems.add(problem);
      }
    }

    Loaded<T> loaded(Path path) {
      if (rows.isEmpty()) {
        throw new DataException(
            "a data set has rows: data=%s rows=0 skipped=%d%s; check that this is the right file"
                .formatted(
                    path, skipped, problems.isEmpty() ? "" : " (" + problems.getFirst() + ")"));
      }
      return new Loaded<>(rows, skipped, problems);
    }
  }
}
