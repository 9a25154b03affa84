package dev.burnish;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.burnish.testing.ChildJvm;
import dev.burnish.testing.TinyRun;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// A run that is asked to stop, as by Ctrl-C, ends after its step with a checkpoint, and resumes
/// from there. In processes of their own: there is one such request per process.
@Timeout(120)
class StoppedRunTest {
  /// Within a step between two checkpoints.
  private static final String ASKED = "-40";

  @TempDir private Path folder;

  private static String live(String point, String... args) throws Exception {
    List<String> arguments = new ArrayList<>(List.of(point));
    arguments.addAll(List.of(args));
    return live(TinyRun.class, arguments);
  }

  private static String live(Class<?> main, List<String> arguments) throws Exception {
    Process process = ChildJvm.start(main, arguments);
    String output = new String(process.getInputStream().readAllBytes(), UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
    return output;
  }

  private static Path only(Path runs) throws IOException {
    try (Stream<Path> entries = Files.list(runs)) {
      return entries.findFirst().orElseThrow();
    }
  }

  private static JsonNode summary(Path run) throws IOException {
    return JsonMapper.shared().readTree(Files.readString(run.resolve("summary.json")));
  }

  @Test
  void endsWithACheckpointAndGoesOnToTheSameBits() throws Exception {
    Path calm = folder.resolve("calm");
    Path runs = folder.resolve("runs");
    live("0", "--runs", calm.toString(), "--set", "every=100", "--set", "best=false");
    String said =
        live(ASKED, "--runs", runs.toString(), "--set", "every=100", "--set", "best=false");
    Path run = only(runs);
    int steps = summary(run).get("steps").asInt();
    assertThat(steps).isBetween(1, 13);
    assertThat(summary(run).get("status").asString()).isEqualTo("stopped");
    assertThat(said)
        .contains("stopped after step %d; resume with --resume %s".formatted(steps, run));
    assertThat(run.resolve("checkpoints/step-%08d".formatted(steps))).isDirectory();
    assertThat(run.resolve("model/model.safetensors")).isRegularFile();
    live("0", "--resume", run.toString());
    assertThat(summary(run).get("status").asString()).isEqualTo("finished");
    assertThat(run.resolve("model/model.safetensors"))
        .hasSameBinaryContentAs(only(calm).resolve("model/model.safetensors"));
    assertThat(live("0", "--resume", run.toString()))
        .contains("nothing is left to do: 14 steps are done, steps=14");
  }

  /// A step that has changed nothing yet is abandoned, with its changes to the state that is kept;
  /// one whose update is done counts, without the measurements after it.
  @ParameterizedTest
  @CsvSource({"before, 7, 6", "after, 7, 7", "before, 1, 0", "after, 1, 1"})
  void endsWithinAStepWhereNothingIsHalfDone(String place, int asked, int done) throws Exception {
    Path calm = folder.resolve("calm");
    Path runs = folder.resolve("runs");
    live("0", "--runs", calm.toString(), "--set", "every=100", "--set", "best=false");
    String said =
        live(
            TinyRun.Interrupted.class,
            List.of(
                place,
                Integer.toString(asked),
                "--runs",
                runs.toString(),
                "--set",
                "every=100",
                "--set",
                "best=false"));
    Path run = only(runs);
    assertThat(said).contains(done > 0 ? "stopped after step " + done : "before the first step");
    assertThat(summary(run).get("status").asString()).isEqualTo("stopped");
    assertThat(summary(run).get("steps").asInt()).isEqualTo(done);
    assertThat(Files.exists(run.resolve("checkpoints/step-%08d".formatted(done))))
        .isEqualTo(done > 0);
    if (done > 0) {
      live("0", "--resume", run.toString());
      assertThat(run.resolve("model/model.safetensors"))
          .hasSameBinaryContentAs(only(calm).resolve("model/model.safetensors"));
    }
  }
}
