package dev.burnish.observe;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.burnish.metrics.JsonLines;
import dev.burnish.metrics.Metrics;
import dev.burnish.metrics.Reduce;
import java.io.ByteArrayInputStream;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Opens the report as its readers do: in a browser, without a network.
@Timeout(120)
class ReportTest {
  private static final String HOSTILE =
      "</script><script>document.body.dataset.broken = 'yes'</script><img src=x onerror=alert(1)> & \u2028 <!-- {{DATA}}";

  @TempDir private Path folder;

  record Settings(int seed, String prompt) {}

  @Test
  void aBrowserShowsTheCurvesSamplesConfigurationAndHost() throws Exception {
    Path report = write(300);
    String dom = browse("--dump-dom", report);
    assertThat(dom).contains("data-ready=\"true\"").doesNotContain("data-broken");
    assertThat(dom.split("class=\"card chart\"", -1)).as("a chart a key").hasSize(5);
    assertThat(dom).contains(">Accuracy before<", ">31.0 %<", ">step 300 · weights 299<");
    assertThat(dom)
        .contains(">token 0: weights 298, token 1: weights 299<")
        .contains(">generator/0 pid 7 · position 12 · 2 attempts<");
    assertThat(dom).contains("<pre>" + "&lt;/script&gt;&lt;script&gt;document.body");
    assertThat(dom).contains("prompt: sum of digits", "<td>host.sgemmGflops</td><td>430.5</td>");
  }

  @Test
  void aBrowserShowsAnEmptyRun() throws Exception {
    try (RunDirectory run = RunDirectory.create(folder, "empty")) {
      run.writeReport();
      assertThat(browse("--dump-dom", run.path().resolve("report.html")))
          .contains("data-ready=\"true\"", "0 of 0");
    }
  }

  @Test
  void aBrowserShowsTheHeldOutLossOfARunWithoutSamples() throws Exception {
    try (RunDirectory run = RunDirectory.create(folder, "sft")) {
      try (Metrics metrics = new Metrics(run.metrics())) {
        for (int step = 1; step <= 4; step++) {
          metrics.record("loss", 4.0 / step);
          if (step % 2 == 0) {
            metrics.record("evalLoss", 5.0 / step);
          }
          metrics.flush(step);
        }
      }
      run.writeSummary(
          Map.of("status", "stopped", "evalLossBefore", 4.25, "evalLoss", 1.25, "steps", 4));
      run.writeReport();
      String dom = browse("--dump-dom", run.path().resolve("report.html"));
      assertThat(dom).contains("data-ready=\"true\"", ">Held-out loss before<", ">4.250<");
      assertThat(dom).contains("4 steps shown · stopped", "id=\"rollouts\" hidden");
      assertThat(dom.indexOf("Eval loss"))
          .as("first of the curves")
          .isLessThan(dom.indexOf(">Loss<"));
    }
  }

  @Test
  void aBrowserShowsHowTheGroupsOfARunEnded() throws Exception {
    try (RunDirectory run = RunDirectory.create(folder, "groups")) {
      run.writeSummary(
          Map.of(
              "groupsDispatched", 40,
              "groupsTrained", 30,
              "groupsFiltered", 6,
              "groupsFailedInReward", 3,
              "groupsCancelled", 1,
              "groupsRetried", 5));
      run.writeReport();
      String dom = browse("--dump-dom", run.path().resolve("report.html"));
      assertThat(dom)
          .contains("data-ready=\"true\"", "<td>dispatched</td><td>40</td>")
          .contains("<td>trained</td><td>30</td>", "<td>failed in a reward</td><td>3</td>")
          .contains("<td>attempts beyond the first</td><td>5</td>")
          .doesNotContain("<td>timed out</td>");
    }
  }

  @Test
  void noMarkupOfASampleIsLeftInTheFile() throws Exception {
    String html = Files.readString(write(3));
    assertThat(html.split("<script", -1)).as("the page's own two").hasSize(3);
    assertThat(html).doesNotContain("<img").doesNotContain("\u2028");
    assertThat(html).doesNotContain("http://cdn").doesNotContain("src=\"http");
  }

  @Test
  void theSizeOfTheReportIsBounded() throws Exception {
    try (RunDirectory run = RunDirectory.create(folder, "long")) {
      try (JsonLines samples = run.samples();
          Metrics metrics = new Metrics(run.metrics())) {
        for (int step = 1; step <= 5_000; step++) {
          metrics.record("reward", step / 5e3);
          metrics.flush(step);
          samples.write(sample(step, "x".repeat(3_000)));
        }
      }
      run.writeReport();
      assertThat(Files.size(run.path().resolve("report.html"))).isLessThan(8_000_000);
      RunFiles files = RunFiles.read(run.path());
      assertThat(files.metrics()).hasSizeBetween(1_900, 2_000);
      assertThat(files.curve("reward").steps()).startsWith(1).endsWith(5_000);
    }
  }

  @Test
  void noMeasurementOfALongRunIsLost() throws Exception {
    try (RunDirectory run = RunDirectory.create(folder, "long")) {
      try (Metrics metrics = new Metrics(run.metrics())) {
        for (int step = 1; step <= 7_001; step++) {
          metrics.record("loss", 1.0 / step);
          if (step % 50 == 0 || step == 7_001) {
            metrics.record("evalLoss", step);
          }
          metrics.flush(step);
        }
      }
      RunFiles files = RunFiles.read(run.path());
      assertThat(files.metrics()).hasSize(2_000);
      assertThat(files.curve("loss").steps()).startsWith(1).endsWith(7_001).isSorted();
      assertThat(files.curve("evalLoss").steps()).hasSize(141).startsWith(50, 100).endsWith(7_001);
      assertThat(files.curve("evalLoss").values()).isEqualTo(files.curve("evalLoss").steps());
    }
  }

  @Test
  void drawsTheRewardWithoutFonts() throws Exception {
    Path report = write(200);
    var image =
        ImageIO.read(
            new ByteArrayInputStream(Files.readAllBytes(report.resolveSibling("reward.png"))));
    assertThat(image.getWidth()).isEqualTo(960);
    long blue = 0;
    for (int x = 0; x < image.getWidth(); x++) {
      for (int y = 0; y < image.getHeight(); y++) {
        blue += image.getRGB(x, y) == 0xff1f5fbf ? 1 : 0;
      }
    }
    assertThat(blue).as("points of the curve").isGreaterThan(800);
  }

  private Path write(int numSteps) {
    try (RunDirectory run = RunDirectory.create(folder, "sum-digits")) {
      run.writeConfig(new Settings(7, "sum of digits"));
      Random random = new Random(7);
      try (JsonLines samples = run.samples();
          Metrics metrics = new Metrics(run.metrics())) {
        for (int step = 1; step <= numSteps; step++) {
          double reward = 1 - 0.7 * Math.exp(-step / 80.0);
          metrics.record("reward", reward + 0.06 * random.nextGaussian());
          metrics.record("entropy", 2 * Math.exp(-step / 100.0));
          metrics.record("gradNorm", step == 2 ? Double.NaN : random.nextDouble());
          metrics.time("trainTokensPerSecond", 3000 + 100 * random.nextGaussian(), Reduce.LAST);
          metrics.flush(step);
          samples.write(sample(step, step % 3 == 0 ? HOSTILE : "1" + step % 10));
        }
      }
      run.writeSummary(
          Map.of(
              "accuracyBefore",
              0.31,
              "accuracyAfter",
              0.94,
              "steps",
              numSteps,
              "seconds",
              128.4,
              "seed",
              7,
              "version",
              "0.1.0",
              "host",
              HostFacts.detect().withSgemm(430.5)));
      run.writeReport();
      return run.path().resolve("report.html");
    }
  }

  private static SampleLine sample(int step, String completion) {
    return new SampleLine(
        step,
        step - 1,
        step == 300 ? List.of(new SampleLine.Run(0, 298), new SampleLine.Run(1, 299)) : List.of(),
        "What is the sum of the digits of " + step + "?",
        completion,
        step % 2,
        0.5,
        List.of(1, 2),
        List.of(-0.5f, -0.25f),
        new SampleLine.Origin(Optional.of("generator/0 pid 7"), Optional.of(12L), Optional.of(2)));
  }

  private String browse(String action, Path page) throws IOException, InterruptedException {
    Path output = folder.resolve("output");
    Process process =
        new ProcessBuilder(
                browser(),
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--user-data-dir=" + folder.resolve("profile"),
                "--virtual-time-budget=10000",
                action,
                page.toUri().toString())
            .redirectOutput(output.toFile())
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    assertThat(process.waitFor(90, TimeUnit.SECONDS)).as("the browser ended").isTrue();
    return new String(Files.readAllBytes(output), UTF_8);
  }

  private static String browser() {
    List<String> names = List.of("chromium", "chromium-browser", "google-chrome");
    String path = System.getenv().getOrDefault("PATH", "");
    return Stream.of(path.split(File.pathSeparator, -1))
        .flatMap(directory -> names.stream().map(name -> Path.of(directory, name)))
        .filter(Files::isExecutable)
        .map(Path::toString)
        .findFirst()
        .orElseGet(ReportTest::noBrowser);
  }

  private static String noBrowser() {
    String message = "needs a browser that reads the report; install the package chromium";
    if ("true".equals(System.getenv("CI"))) {
      throw new AssertionError(message);
    }
    Assumptions.abort(message);
    throw new AssertionError("unreachable");
  }
}
