package dev.burnish.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.host.JvmCommand;
import dev.burnish.observe.Benchmark;
import dev.burnish.observe.Benchmark.Options;
import dev.burnish.observe.Benchmark.Scale;
import dev.burnish.observe.Measurement;
import dev.burnish.testing.SharedFiles;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class BenchmarksTest {
  private static final List<String> KEYS =
      List.of("name", "value", "unit", "baseline", "baselineName", "ratio", "runs");

  @TempDir private Path folder;

  @Test
  void everyBenchmarkRunsAndItsFiguresAreWhatTheFormatSays() throws Exception {
    Path json = folder.resolve("figures.json");
    List<String> printed = command("bench", "--tiny", "--json", json.toString());
    assertThat(printed).isEqualTo(Files.readAllLines(json));
    List<JsonNode> figures = printed.stream().map(JsonMapper.shared()::readTree).toList();
    assertThat(figures.getFirst().path("host").path("sgemmGflops").asDouble()).isPositive();
    figures.forEach(BenchmarksTest::check);
    assertThat(figures.subList(1, figures.size())).noneMatch(figure -> figure.has("host"));
    List<String> names = figures.stream().map(figure -> figure.get("name").asString()).toList();
    assertThat(new HashSet<>(names)).hasSameSizeAs(names);
    assertThat(ServiceLoader.load(Benchmark.class))
        .hasSize(16)
        .allSatisfy(benchmark ->
            assertThat(names).anyMatch(name -> name.startsWith(benchmark.name() + "/")));
  }

  private static void check(JsonNode figure) {
    assertThat(figure.propertyNames()).containsAll(KEYS);
    assertThat(figure.get("unit").isString()).isTrue();
    assertThat(figure.get("baselineName").asString()).isNotBlank();
    double value = figure.get("value").asDouble();
    double baseline = figure.get("baseline").asDouble();
    assertThat(value).as(figure.toString()).isPositive().isFinite();
    assertThat(baseline).as(figure.toString()).isPositive().isFinite();
    assertThat(figure.get("ratio").asDouble() * baseline / value).isBetween(0.999999, 1.000001);
    List<Double> runs = figure.get("runs").valueStream().map(JsonNode::asDouble).toList();
    assertThat(value).isEqualTo(Measurement.median(runs));
  }

  /// The output of `burnish` with these arguments, in a process of its own.
  private static List<String> command(String... arguments) throws Exception {
    List<String> command =
        new JvmCommand(
                Child.flags(ManagementFactory.getRuntimeMXBean().getInputArguments()),
                "dev.burnish.cli.Main",
                List.of(arguments))
            .words();
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    List<String> lines = process.inputReader().readAllLines();
    assertThat(process.waitFor()).isZero();
    return lines;
  }

  @Test
  void tokenizersAreMeasuredWhereAModelHasOne() {
    Path model = SharedFiles.model("smollm2-135m-instruct");
    List<Measurement> figures = new ArrayList<>();
    new TextBenchmark()
        .run(new Options(Optional.of(model), Optional.empty(), Scale.TINY), figures::add);
    assertThat(figures)
        .extracting(Measurement::name)
        .containsExactly("text/encode", "text/decode", "text/template");
  }

  @Test
  void aWorkloadThatFailsSaysWhy() {
    Options nothing = new Options(Optional.of(folder), Optional.empty(), Scale.TINY);
    assertThatThrownBy(() -> Child.run(new TrainWorkload(nothing, 1, 2, false, 1)))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("status=1")
        .hasMessageContaining(folder.toString());
  }

  @Test
  void aJvmOfAnotherMainClassGetsNoCacheAndNoAgent() {
    assertThat(Child.flags(List.of("-Xmx1g", "-XX:AOTCache=a", "-agentlib:jdwp", "-javaagent:b")))
        .containsExactly("-Xmx1g");
  }
}
