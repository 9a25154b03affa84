package dev.burnish.observe;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.burnish.metrics.StepMetrics;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class ProgressTest {
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private Instant now = Instant.EPOCH;

  @Test
  void printsPlainLinesWhereThereIsNoTerminal() {
    try (Progress progress = progress(false, 80)) {
      progress.write(step(1, 0.25));
      progress.samples(List.of(sample("a\u001b[31m\nb")));
      progress.message("saved");
    }
    assertThat(output())
        .isEqualTo("step   1/100  reward 0.250\n  + 12 → a�[31m b  (reward 1)\nsaved\n");
  }

  @Test
  void showsABarWithTheTimeLeftOnATerminal() {
    try (Progress progress = progress(true, 80)) {
      progress.write(step(1, 0));
      now = now.plusSeconds(50);
      progress.write(step(50, 0));
    }
    assertThat(output())
        .contains("step  50/100", "━━━━━", " 50%  0:50 left")
        .endsWith("\r\u001b[K");
  }

  @Test
  void neverWritesMoreThanTheWidth() {
    try (Progress progress = progress(true, 24)) {
      progress.write(step(1, 0.123456));
      progress.samples(List.of(sample("x".repeat(100))));
      progress.message("y".repeat(100));
    }
    assertThat(output().lines().map(line -> line.replaceAll("\u001b\\[\\d*[mK]", "")))
        .allSatisfy(line -> {
          for (String part : line.split("\r", -1)) {
            assertThat(part.codePointCount(0, part.length())).isLessThanOrEqualTo(24);
          }
        });
  }

  private Progress progress(boolean terminal, int width) {
    Map<String, String> columns = new LinkedHashMap<>();
    columns.put("rl/reward", "reward");
    columns.put("absent", "absent");
    return new Progress(
        new PrintStream(bytes, true, UTF_8), terminal, () -> width, () -> now, 100, columns);
  }

  private static StepMetrics step(long step, double reward) {
    return new StepMetrics(step, new TreeMap<>(Map.of("rl/reward", reward)), new TreeMap<>());
  }

  private static Sample sample(String completion) {
    return new Sample(1, 0, "12", completion, 1, 0, List.of(), List.of());
  }

  private String output() {
    return bytes.toString(UTF_8);
  }
}
