package dev.burnish.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.api.io.TempDir;

class JsonLinesSinkTest {
  @TempDir private Path folder;

  @Test
  void writesAnObjectAStepWithTheTimesApart() throws Exception {
    Path file = folder.resolve("metrics.jsonl");
    try (Metrics metrics = new Metrics(new JsonLinesSink(file))) {
      metrics.record("reward", 0.25);
      metrics.record("accuracy", Double.NaN);
      metrics.time("seconds", 1.5, Reduce.SUM);
      metrics.flush(1);
      assertThat(Files.readString(file)).as("written before the close").endsWith("}}\n");
      metrics.record("reward", 1);
      metrics.flush(2);
    }
    assertThat(file)
        .hasContent(
            """
            {"step":1,"accuracy":"NaN","reward":0.25,"times":{"seconds":1.5}}
            {"step":2,"reward":1.0,"times":{}}
            """);
  }

  @Test
  void cutsOffWhatAKilledProcessLeftOfItsLastLine() throws Exception {
    Path file = folder.resolve("a.jsonl");
    String whole = "{\"text\":\"" + "x".repeat(20_000) + "\"}\n";
    for (String before : new String[] {"", whole}) {
      Files.writeString(file, before + "{\"step\":" + "9".repeat(9_000));
      try (JsonLines lines = JsonLines.append(file)) {
        lines.write(Map.of("step", 3));
      }
      assertThat(Files.readString(file)).isEqualTo(before + "{\"step\":3}\n");
    }
  }

  @Test
  void appendsToWhatIsThere() throws Exception {
    Path file = folder.resolve("a.jsonl");
    Files.writeString(file, "{}\n", StandardOpenOption.CREATE);
    try (JsonLines lines = JsonLines.append(file)) {
      lines.write(Map.of("text", "line\nbreak \u2028"));
    }
    assertThat(Files.readAllLines(file)).hasSize(2).first().isEqualTo("{}");
  }

  @Test
  void namesTheFileThatCannotBeOpened() {
    assertThatThrownBy(() -> JsonLines.append(folder.resolve("no/such.jsonl")))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining("such.jsonl");
  }

  /// Metrics of all later steps would otherwise be lost with the one that was interrupted.
  @Test
  void anInterruptedThreadWritesAsAnyOther() throws Exception {
    Path file = folder.resolve("interrupted.jsonl");
    try (JsonLines lines = JsonLines.append(file);
        TensorBoardSink events = new TensorBoardSink(folder.resolve("tensorboard"))) {
      Thread.currentThread().interrupt();
      lines.write(Map.of("step", 1));
      events.write(new StepMetrics(1, new TreeMap<>(Map.of("loss", 1.0)), new TreeMap<>()));
      assertThat(Thread.interrupted()).isTrue();
      lines.write(Map.of("step", 2));
      events.write(new StepMetrics(2, new TreeMap<>(Map.of("loss", 1.0)), new TreeMap<>()));
    }
    assertThat(Files.readAllLines(file)).containsExactly("{\"step\":1}", "{\"step\":2}");
  }

  @Test
  @EnabledIf("hasFullDevice")
  void saysInOneLineThatTheDiskIsFull() {
    try (JsonLines lines = JsonLines.append(Path.of("/dev/full"))) {
      assertThatThrownBy(() -> lines.write(Map.of("step", 1)))
          .isInstanceOf(UncheckedIOException.class)
          .hasMessageContaining("No space left on device")
          .message()
          .hasLineCount(1);
    }
  }

  static boolean hasFullDevice() {
    return Files.exists(Path.of("/dev/full"));
  }
}
