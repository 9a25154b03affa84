package dev.burnish.observe;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.JsonNodeFactory;

/// The files of a run, read back. A missing file is empty; the unfinished last line of a run that
/// is still in progress is left out. Of long runs it keeps what a page can show.
record RunFiles(
    String id, List<JsonNode> metrics, List<JsonNode> samples, String config, JsonNode summary) {
  private static final int MAX_STEPS = 2_000;
  private static final int MAX_SAMPLES = 1_500;
  private static final JsonMapper MAPPER = JsonMapper.shared();

  /// A key's values by step.
  @SuppressWarnings("ArrayRecordComponent") // drawn once, never compared
  record Curve(double[] steps, double[] values) {
    boolean isEmpty() {
      return values.length == 0;
    }
  }

  static RunFiles read(Path folder) {
    try {
      return new RunFiles(
          folder.toAbsolutePath().normalize().getFileName().toString(),
          readLines(folder.resolve("metrics.jsonl"), MAX_STEPS),
          readLines(folder.resolve("samples.jsonl"), MAX_SAMPLES),
          readText(folder.resolve("config.yaml")),
          readObject(folder.resolve("summary.json")));
    } catch (IOException e) {
      throw new UncheckedIOException(
          "cannot read the run: folder=%s (%s)".formatted(folder, e.getMessage()), e);
    }
  }

  /// The points of a key, wherever in the object it is; values that are no number are left out.
  Curve curve(String key) {
    List<JsonNode> points = metrics.stream().filter(step -> step.path(key).isNumber()).toList();
    return new Curve(
        points.stream().mapToDouble(step -> step.path("step").asDouble(0)).toArray(),
        points.stream().mapToDouble(step -> step.path(key).asDouble()).toArray());
  }

  /// At most `limit` of the lines, evenly spread, always with the first and the last. Of lines that
  /// are near each other the one with the most values stays: a held-out loss is there at some steps
  /// only.
  private static List<JsonNode> readLines(Path file, int limit) throws IOException {
    if (!Files.exists(file)) {
      return List.of();
    }
    Thinned thinned = new Thinned(count(file), limit);
    forEachLine(file, line -> parse(line, thinned::add));
    return thinned.kept;
  }

  /// Keeps one object per bucket: the first and the last line are buckets of their own.
  private static final class Thinned {
    private final List<JsonNode> kept = new ArrayList<>();
    private final long numLines;
    private final int limit;
    private long index;
    private long bucket = -1;

    Thinned(long numLines, int limit) {
      this.numLines = numLines;
      this.limit = limit;
    }

    void add(JsonNode line) {
      long next = bucket(index++);
      if (next != bucket) {
        kept.add(line);
      } else if (line.size() > kept.getLast().size()) {
        kept.set(kept.size() - 1, line);
      }
      bucket = next;
    }

    private long bucket(long i) {
      if (numLines <= limit || i == 0) {
        return i;
      }
      return i == numLines - 1 ? limit - 1 : 1 + (i - 1) * (limit - 2) / (numLines - 2);
    }
  }

  private static long count(Path file) throws IOException {
    long[] numLines = {0};
    forEachLine(file, line -> numLines[0]++);
    return numLines[0];
  }

  private static void forEachLine(Path file, Consumer<String> action) throws IOException {
    try (BufferedReader reader = Files.newBufferedReader(file)) {
      reader.lines().filter(line -> !line.isBlank()).forEach(action);
    }
  }

  private static void parse(String line, Consumer<JsonNode> action) {
    try {
      action.accept(MAPPER.readTree(line));
    } catch (JacksonException e) {
      if (line.endsWith("}")) {
        throw new IllegalArgumentException(
            "a line of a run is no JSON: line=" + line.substring(0, Math.min(80, line.length())),
            e);
      }
    }
  }

  private static String readText(Path file) throws IOException {
    return Files.exists(file) ? Files.readString(file) : "";
  }

  private static JsonNode readObject(Path file) throws IOException {
    return Files.exists(file)
        ? MAPPER.readTree(Files.readString(file))
        : JsonNodeFactory.instance.objectNode();
  }
}
