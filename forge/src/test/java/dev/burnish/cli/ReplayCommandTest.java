package dev.burnish.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.burnish.script.Script;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import tools.jackson.databind.json.JsonMapper;

/// The output and exit status of `burnish replay`.
@Timeout(120)
class ReplayCommandTest {
  @TempDir private Path folder;

  private record Outcome(int status, String out, String err) {}

  private static Outcome replay(Path run, String... more) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    CommandLine line = Main.commandLine();
    line.setOut(new PrintWriter(out)).setErr(new PrintWriter(err));
    List<String> all = new ArrayList<>(List.of("replay", run.toString()));
    all.addAll(List.of(more));
    return new Outcome(line.execute(all.toArray(String[]::new)), out.toString(), err.toString());
  }

  /// The folder of a small run with rollouts that are ahead of training.
  private Path run(String... settings) throws Exception {
    List<String> args = new ArrayList<>(List.of("--runs", folder.resolve("runs").toString()));
    List<String> all =
        new ArrayList<>(
            List.of(
                "warmUp=60",
                "digits=1",
                "prompts=2",
                "samples=8",
                "heldOut=8",
                "steps=6",
                "processes=THREADS",
                "checkpoints.every=2",
                "maxStaleness=1"));
    all.addAll(List.of(settings));
    all.forEach(setting -> args.addAll(List.of("--set", setting)));
    script(args);
    return runs().getLast();
  }

  private static void script(List<String> args) throws Exception {
    Script.compile(Path.of("..", "examples", "SumDigits.java")).run(args);
  }

  private List<Path> runs() throws IOException {
    try (Stream<Path> entries = Files.list(folder.resolve("runs"))) {
      return entries.sorted(Comparator.comparing(Path::toString)).toList();
    }
  }

  /// Where nothing is learned, equal weights prove nothing.
  private static void requireLearned(Path run, long... steps) throws IOException {
    List<String> lines = Files.readAllLines(run.resolve("metrics.jsonl"));
    assertThat(LongStream.of(steps).mapToObj(step -> lines.get((int) step - 1)))
        .allSatisfy(line ->
            assertThat(JsonMapper.shared().readTree(line).get("gradNorm").asDouble())
                .as(line)
                .isPositive());
  }

  @Test
  void provesARunFromItsBeginningAndFromACheckpoint() throws Exception {
    Path run = run();
    requireLearned(run, 1, 5);
    Outcome whole = replay(run);
    assertThat(whole.err()).isEmpty();
    assertThat(whole.out())
        .contains("trains steps 1 to 6 again, from start")
        .contains("steps 6 to 6: the same weights")
        .contains("the same run: 7 versions of the weights have the recorded digests");
    assertThat(whole.status()).isZero();
    assertThat(replay(run, "--from", "4").out())
        .contains("trains steps 5 to 6 again, from checkpoints/step-00000004")
        .contains("the same run: 3 versions");
    assertThat(replay(run, "--to", "2").out()).contains("the same run: 3 versions");
  }

  @Test
  void provesARunWhoseRolloutsDependOnTiming() throws Exception {
    Path run = run("mode=CONTINUOUS", "maxStaleness=2");
    requireLearned(run, 1);
    Outcome outcome = replay(run);
    assertThat(outcome.out()).contains("the same run: 7 versions");
    assertThat(outcome.status()).isZero();
  }

  @Test
  void provesARunThatWasResumedWithOtherSettings() throws Exception {
    Path run = run("steps=4");
    script(List.of("--resume", run.toString(), "--set", "steps=7", "--set", "optimizer.lr=0.001"));
    requireLearned(run, 1, 5);
    Outcome outcome = replay(run);
    assertThat(outcome.err()).isEmpty();
    assertThat(outcome.out()).contains("the same run: 8 versions");
  }

  @Test
  void namesTheFirstPartThatDiffers() throws Exception {
    Path run = run();
    Path other = run("seed=2");
    copy(other.resolve("start"), run.resolve("start"));
    Outcome outcome = replay(run);
    assertThat(outcome.status()).isEqualTo(1);
    assertThat(outcome.out())
        .containsPattern(
            "DIFFERENT after step 0: policy, part 0, from \\S+ on: recorded crc32c=[0-9a-f]{8}")
        .doesNotContain("the same run");
  }

  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.list(from)) {
      for (Path file : files.toList()) {
        Files.write(to.resolve(file.getFileName()), Files.readAllBytes(file));
      }
    }
  }

  @Test
  void aDamagedRecordEndsWhatCanBeReplayed() throws Exception {
    Path run = run();
    Path recording = run.resolve("updates.bin");
    byte[] bytes = Files.readAllBytes(recording);
    bytes[bytes.length / 2] ^= 1;
    Files.write(recording, bytes);
    Outcome whole = replay(run);
    assertThat(whole.status()).isEqualTo(2);
    assertThat(whole.err())
        .containsPattern("record \\d+ of updates.bin, after byte \\d+, is damaged .* --to 2")
        .hasLineCount(1);
    assertThat(replay(run, "--to", "2").status()).isZero();
    assertThat(replay(run, "--to", "5").err()).contains("step=5 recorded=0 to 2; record ");
    Files.write(recording, new byte[20]);
    assertThat(replay(run).err()).contains("file=").hasLineCount(1);
  }

  @Test
  void saysWhatIsMissing() throws Exception {
    assertThat(replay(folder.resolve("none")).err()).contains("there is no such run");
    assertThat(replay(folder).err()).contains("updates.bin is not there").hasLineCount(1);
    Path run = run();
    assertThat(replay(run, "--from", "3").err()).contains("from=3 to=6 checkpoints=[0, 4, 6]");
    assertThat(replay(run, "--to", "9").err()).contains("step=9 recorded=0 to 6");
    assertThat(replay(run, "--to", "x").err()).contains("--to").hasLineCount(1);
  }
}
