package dev.burnish.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.burnish.testing.ChildJvm;
import dev.burnish.testing.MediumRun;
import dev.burnish.testing.TinyRun;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DryRunTest {
  @TempDir private Path folder;

  private String medium(String... more) throws Exception {
    List<String> arguments = new java.util.ArrayList<>(List.of("--runs", folder + "/runs"));
    arguments.addAll(List.of(more));
    Process process = ChildJvm.start(List.of("-Xms64m", "-Xmn32m"), 2, MediumRun.class, arguments);
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
    return output;
  }

  private static double number(String pattern, String output) {
    Matcher matcher = Pattern.compile(pattern).matcher(output);
    assertThat(matcher.find()).as(pattern + " in " + output).isTrue();
    return Double.parseDouble(matcher.group(1));
  }

  @ParameterizedTest
  @ValueSource(strings = {"1", "0"})
  void foretellsThePeakOfMemory(String clipNorm) throws Exception {
    String foretold = medium("--dry-run", "--set", "clipNorm=" + clipNorm);
    assertThat(folder.resolve("runs")).doesNotExist();
    double estimate = number("peak +([0-9.]+) GB", foretold);
    String trained = medium("--set", "clipNorm=" + clipNorm);
    double measured = number("measured peak ([0-9.]+)", trained);
    assertThat(estimate).as(foretold + trained).isCloseTo(measured, Percentage.withPercentage(10));
    assertThat(number("weights +([0-9.]+) GB", foretold)).isCloseTo(0.160, within(0.001));
    assertThat(number("about ([0-9.]+) s a step", foretold)).isPositive();
  }

  @Test
  void trainsNothingAndWritesNothing() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    PrintStream out = System.out;
    System.setOut(new PrintStream(bytes, true, StandardCharsets.UTF_8));
    try {
      TinyRun.train("--dry-run", "--runs", folder.resolve("runs").toString());
    } finally {
      System.setOut(out);
    }
    assertThat(bytes.toString(StandardCharsets.UTF_8))
        .contains("dry run: nothing was trained")
        .contains("2 of 2 blocks kept")
        .doesNotContain("step  1/14");
    assertThat(folder.resolve("runs")).doesNotExist();
  }
}
