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
import java.util.function.IntSupplier;
import org.jline.utils.WCWidth;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

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

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 5, 9, 20, 44, 45, 80, 200})
  void whatIsDrawnAgainIsNarrowerThanTheTerminal(int width) {
    try (Progress progress = progress(true, width)) {
      progress.write(step(1, 0.123456));
      now = now.plusSeconds(5000);
      progress.samples(List.of(sample("漢字かな交じり文".repeat(20) + "e\u0301".repeat(50))));
      progress.message("日本語".repeat(30));
      progress.write(step(50, 0.5));
    }
    for (String line : output().split("[\r\n]+", -1)) {
      String shown = line.replaceAll("\u001b\\[\\d*[A-Za-z]", "");
      assertThat(shown.codePoints().map(c -> Math.max(0, WCWidth.wcwidth(c))).sum())
          .as(shown)
          .isLessThanOrEqualTo(Math.max(2, width));
    }
  }

  @Test
  void aMessageIsShownWholeHoweverNarrowTheTerminal() {
    String path = "resume with --resume runs/sft-20260101-000000-with-a-long-name";
    try (Progress progress = progress(true, 11)) {
      progress.message(path);
    }
    String shown =
        output()
            .lines()
            .map(line -> line.replaceAll(".*\u001b\\[K", ""))
            .filter(line -> !line.contains("%"))
            .collect(java.util.stream.Collectors.joining());
    assertThat(shown).contains(path);
  }

  @Test
  void aBarThatANarrowerWindowWrappedIsTakenBackWhole() {
    int[] width = {60};
    try (Progress progress = progress(true, () -> width[0])) {
      progress.write(step(1, 0));
      width[0] = 10;
      progress.write(step(2, 0));
    }
    // The bar of 35 columns has four rows of 10, and the cursor is in the last of them.
    assertThat(output()).contains("\r\u001b[3A\u001b[J");
  }

  @ParameterizedTest
  @CsvSource({"80,'',80", "80,60,60", "80,200,80", "0,60,60", "0,'',80", "0,x,80", "5,0,5"})
  void theWidthIsTheLeastThatAnyoneSays(int columns, String variable, int width) {
    assertThat(Terminals.width(columns, Map.of("COLUMNS", variable))).isEqualTo(width);
  }

  private Progress progress(boolean terminal, int width) {
    return progress(terminal, () -> width);
  }

  private Progress progress(boolean terminal, IntSupplier width) {
    Map<String, String> columns = new LinkedHashMap<>();
    columns.put("rl/reward", "reward");
    columns.put("absent", "absent");
    return new Progress(
        new PrintStream(bytes, true, UTF_8), terminal, width, () -> now, 100, columns);
  }

  private static StepMetrics step(long step, double reward) {
    return new StepMetrics(step, new TreeMap<>(Map.of("rl/reward", reward)), new TreeMap<>());
  }

  private static SampleLine sample(String completion) {
    return new SampleLine(
        1, 0, List.of(), "12", completion, 1, 0, List.of(), List.of(), SampleLine.Origin.UNKNOWN);
  }

  private String output() {
    return bytes.toString(UTF_8);
  }
}
