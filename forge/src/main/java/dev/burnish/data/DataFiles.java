package dev.burnish.data;

import dev.burnish.concurrent.Stop;
import dev.burnish.content.FileKind;
import dev.burnish.data.files.Compression;
import dev.burnish.data.files.Format;
import dev.burnish.data.files.HuggingFaceFolder;
import dev.burnish.data.files.SplitFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;

/// Reads data sets from files and folders.
public final class DataFiles {
  private static final int MAX_PROBLEMS = 20;
  private static final int START = 1024;
  private static final Set<FileKind> OTHER =
      EnumSet.of(
          FileKind.GIT_LFS_POINTER,
          FileKind.WEB_PAGE,
          FileKind.GGUF,
          FileKind.SAFETENSORS,
          FileKind.PICKLE);
  private static final Pattern JSON = Pattern.compile("\\uFEFF?\\s*(\\{|\\[\\s*[{\"])");

  private DataFiles() {}

  /// Handling of a row that cannot be read.
  public enum OnBadRow {
    /// The load ends with the row's place and the reason.
    FAIL,
    /// The row is left out and counted.
    SKIP
  }

  /// All rows, each in the shape that the caller asks for.
  ///
  /// @param shape throws IllegalArgumentException for a row that does not fit
  /// @throws DataException if there is no such file, no row, or a bad one that may not be skipped
  public static <T> Dataset<T> load(DataSource source, Function<Row, T> shape, OnBadRow onBadRow) {
    var sink = new Sink<>(shape, onBadRow);
    SplitFiles files = find(source);
    files.notes().forEach(note -> System.err.println("data: " + note));
    for (Path file : files.files()) {
      read(file, sink);
    }
    return sink.loaded(source.path());
  }

  /// The files that a source consists of, in order.
  static List<Path> files(DataSource source) {
    return find(source).files();
  }

  private static SplitFiles find(DataSource source) {
    Path path = source.path();
    if (path.toString().isBlank()) {
      throw new DataException(
          "a data set is named: data is not set; give a file or a folder with --set data=PATH");
    }
    if (!Files.exists(path)) {
      throw new DataException(
          "a data set exists: data=%s; check the path, or download it first".formatted(path));
    }
    try {
      return Files.isDirectory(path)
          ? HuggingFaceFolder.find(path, source.config(), source.split())
          : new SplitFiles(List.of(path), List.of());
    } catch (IllegalArgumentException e) {
      throw new DataException(String.valueOf(e.getMessage()), e);
    }
  }

  private static void read(Path file, Sink<?> sink) {
    try {
      switch (format(file)) {
        case PARQUET -> Parquet.read(file, sink);
        case JSON -> JsonLines.read(file, sink);
        case CSV, ARROW -> throw unread(file);
      }
    } catch (IOException e) {
      throw new DataException(
          "a data file can be read: data=%s (%s); check its permissions and that it is whole"
              .formatted(file, reason(e)),
          e);
    } catch (IllegalArgumentException e) {
      throw new DataException(String.valueOf(e.getMessage()), e);
    }
  }

  /// The format by the file's name, else by its first bytes.
  private static Format format(Path file) throws IOException {
    Optional<Format> named = Format.of(String.valueOf(file.getFileName()));
    if (named.isPresent()) {
      return named.get();
    }
    try (var input = Compression.open(file)) {
      String start = new String(input.readNBytes(START), StandardCharsets.UTF_8);
      if (start.startsWith("PAR1")) {
        return Format.PARQUET;
      }
      if (JSON.matcher(start).lookingAt()) {
        return Format.JSON;
      }
    }
    throw unread(file);
  }

  private static DataException unread(Path file) {
    return new DataException(
        "a data file ends in .jsonl, .json (also with .gz or .zst) or .parquet: data=%s; convert it first"
            .formatted(file));
  }

  private static String reason(IOException e) {
    return switch (e) {
      case AccessDeniedException _ -> "its permissions do not allow it";
      case NoSuchFileException _ -> "it is gone";
      default -> String.valueOf(e.getMessage());
    };
  }

  /// Throws where a file's first bytes are those of something other than rows.
  ///
  /// @throws IllegalArgumentException if so
  static void checkStart(Path file, byte... start) {
    FileKind.of(start)
        .filter(OTHER::contains)
        .ifPresent(kind -> {
          throw new IllegalArgumentException(
              "a data file must hold rows: data=%s is %s; %s"
                  .formatted(file, kind.said(), kind.cure()));
        });
    if (start.length > 1 && (start[0] & 0xFF) + (start[1] & 0xFF) == 0xFF + 0xFE) {
      throw new IllegalArgumentException(
          "a data file is UTF-8 text: data=%s is UTF-16; save it as UTF-8".formatted(file));
    }
  }

  /// Takes rows from a reader and keeps the results.
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

    Dataset<T> loaded(Path path) {
      if (rows.isEmpty()) {
        throw new DataException(
            "a data set has rows: data=%s rows=0 skipped=%d%s; check that this is the right file"
                .formatted(
                    path, skipped, problems.isEmpty() ? "" : " (" + problems.getFirst() + ")"));
      }
      return new Dataset<>(rows, skipped, problems);
    }
  }
}
