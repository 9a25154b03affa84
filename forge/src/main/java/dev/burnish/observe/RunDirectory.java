package dev.burnish.observe;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.burnish.config.Config;
import dev.burnish.files.AtomicFile;
import dev.burnish.metrics.JsonLines;
import dev.burnish.metrics.JsonLinesSink;
import dev.burnish.metrics.MetricSink;
import dev.burnish.metrics.TensorBoardSink;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.InstantSource;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.List;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/// The folder of a run: `runs/<id>/` with
///
/// - `config.yaml`: every value of its configuration,
/// - `metrics.jsonl` and `samples.jsonl`: appended to, a whole line at a time,
/// - `tensorboard/`: the same numbers as event files,
/// - `summary.json`, `report.html`, and `reward.png`, or `loss.png` where nothing was rewarded:
///   written whole or not at all,
/// - `model/`: weights in Hugging Face layout.
///
/// One process owns it: the lock is the operating system's, so it ends with its owner however the
/// owner dies.
public final class RunDirectory implements AutoCloseable {
  private static final JsonMapper MAPPER =
      JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();
  private static final DateTimeFormatter STAMP = DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss");

  private final Path folder;
  private final RunLock lock;

  private RunDirectory(Path folder) {
    this.folder = folder;
    this.lock = RunLock.acquire(folder.resolve(".lock"));
  }

  /// Makes a new folder `root/<name>-<date>-<time>` and owns it.
  ///
  /// @throws UncheckedIOException if the folder cannot be made
  public static RunDirectory create(Path root, String name) {
    return create(root, name, InstantSource.system());
  }

  static RunDirectory create(Path root, String name, InstantSource clock) {
    String id = name + "-" + STAMP.format(clock.instant().atZone(ZoneId.systemDefault()));
    try {
      Files.createDirectories(root);
      for (int attempt = 1; ; attempt++) {
        Path folder = root.resolve(attempt == 1 ? id : id + "-" + attempt);
        try {
          return new RunDirectory(Files.createDirectory(folder));
        } catch (FileAlreadyExistsException e) {
          // Another run began in the same second: the next number.
        }
      }
    } catch (IOException e) {
      throw failure(root, e);
    }
  }

  /// Owns a folder that the user names: a new one, or that of a run to resume.
  ///
  /// @throws FolderInUse if another run owns it
  /// @throws UncheckedIOException if it cannot be made
  public static RunDirectory open(Path folder) {
    try {
      Files.createDirectories(folder);
    } catch (IOException e) {
      throw failure(folder, e);
    }
    return new RunDirectory(folder);
  }

  /// Owns the folder of a run to resume.
  ///
  /// @throws FolderInUse if another run owns it
  /// @throws IllegalArgumentException if no run has been there
  public static RunDirectory resume(Path folder) {
    requireRun(folder);
    return open(folder);
  }

  /// @throws IllegalArgumentException if no run has been there
  public static void requireRun(Path folder) {
    if (!Files.isRegularFile(folder.resolve("config.yaml"))) {
      throw new IllegalArgumentException(
          "a run to resume has a config.yaml: folder=%s; give the folder of an earlier run"
              .formatted(folder));
    }
  }

  /// Removes the lines of later steps from `metrics.jsonl` and `samples.jsonl`: the steps after the
  /// last checkpoint are done again.
  public void keepUntil(long step) {
    for (String name : List.of("metrics.jsonl", "samples.jsonl")) {
      Path file = folder.resolve(name);
      if (Files.exists(file)) {
        cut(file, step);
      }
    }
  }

  /// Steps only grow in a file, so it is cut at the first line of a later one, or at the incomplete
  /// last line that a killed process has left.
  private static void cut(Path file, long step) {
    try (FileChannel channel =
            FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE);
        BufferedReader reader = Files.newBufferedReader(file)) {
      long kept = 0;
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        long end = kept + line.getBytes(UTF_8).length + 1;
        if (end > channel.size() || MAPPER.readTree(line).path("step").asLong() > step) {
          break;
        }
        kept = end;
      }
      channel.truncate(kept);
      channel.force(true);
    } catch (IOException e) {
      throw failure(file, e);
    }
  }

  /// The name of the run: that of its folder.
  public String id() {
    return folder.toAbsolutePath().normalize().getFileName().toString();
  }

  /// The folder itself.
  public Path path() {
    return folder;
  }

  /// The path of the model's folder; not created here.
  public Path model() {
    return folder.resolve("model");
  }

  /// Writes `config.yaml`.
  public void writeConfig(Record config) {
    write("config.yaml", Config.dump(config).getBytes(UTF_8));
  }

  /// Writes `summary.json`: a record or a map.
  public void writeSummary(Object summary) {
    write("summary.json", (MAPPER.writeValueAsString(summary) + "\n").getBytes(UTF_8));
  }

  /// Draws `reward.png` (or `loss.png`) and `report.html` from the files of the run.
  public void writeReport() {
    RunFiles files = RunFiles.read(folder);
    boolean losses = files.curve("reward").isEmpty() && !files.curve("loss").isEmpty();
    String drawn = losses ? "loss" : "reward";
    write(drawn + ".png", Chart.png(drawn, files.curve(drawn)));
    write("report.html", Report.html(files).getBytes(UTF_8));
  }

  /// Opens `metrics.jsonl` for appending. The caller closes it.
  public MetricSink metrics() {
    return new JsonLinesSink(folder.resolve("metrics.jsonl"));
  }

  /// Opens an event file in `tensorboard/`, which [#keepUntil] needs not cut. The caller closes it.
  ///
  /// @param stepsDone the step after which the run resumes, or 0
  public MetricSink tensorBoard(long stepsDone) {
    return new TensorBoardSink(folder.resolve("tensorboard"), stepsDone);
  }

  /// Opens `samples.jsonl` for appending; it takes [SampleLine]s. The caller closes it.
  public JsonLines samples() {
    return JsonLines.append(folder.resolve("samples.jsonl"));
  }

  /// Writes a file whole or not at all.
  ///
  /// @throws UncheckedIOException if there is no room for it; the file is as before
  public void write(String name, byte[] content) {
    AtomicFile.write(folder.resolve(name), content);
  }

  @Override
  public void close() {
    lock.close();
  }

  private static UncheckedIOException failure(Path file, IOException e) {
    return new UncheckedIOException(
        "cannot write: file=%s (%s); free space on its disk or choose another folder"
            .formatted(file, e),
        e);
  }
}
