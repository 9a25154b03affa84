package dev.burnish.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.concurrent.Scope;
import dev.burnish.metrics.JsonLines;
import dev.burnish.observe.SampleLine;
import dev.burnish.rollout.Completion;
import dev.burnish.rollout.FinishReason;
import dev.burnish.rollout.Group;
import dev.burnish.rollout.Origin;
import dev.burnish.rollout.Problem;
import dev.burnish.rollout.ScoredGroup;
import dev.burnish.rollout.TokenVersions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class SampleLogTest {
  @TempDir private Path folder;

  private final List<List<SampleLine>> shown = new ArrayList<>();

  private SampleLog log(long present) {
    return new SampleLog(JsonLines.append(folder.resolve("s.jsonl")), present, shown::add);
  }

  private static List<ScoredGroup> group(String text, int count) {
    Completion completion =
        new Completion(
            new int[] {2, 3},
            new float[] {-1, -2},
            TokenVersions.of(5, 2),
            text,
            FinishReason.STOP);
    Group group = new Group(new int[] {1}, Collections.nCopies(count, completion));
    double[] rewards = IntStream.range(0, count).asDoubleStream().toArray();
    double[] advantages = new double[count];
    Arrays.fill(advantages, 0.5);
    return List.of(ScoredGroup.of(new Problem("q", "t", 0), group, rewards, advantages));
  }

  private List<String> written() throws IOException {
    return Files.readAllLines(folder.resolve("s.jsonl")).stream()
        .map(JsonMapper.shared()::readTree)
        .map(line -> line.get("step").asInt() + line.get("completion").asString())
        .toList();
  }

  @Test
  void aLineHasEverythingOfAnEpisode() throws IOException {
    try (SampleLog log = log(0)) {
      log.open(1);
      log.add(group("a", 1));
    }
    JsonNode line = JsonMapper.shared().readTree(Files.readString(folder.resolve("s.jsonl")));
    assertThat(line.toString())
        .isEqualTo(
            "{\"step\":1,\"weightVersion\":5,\"prompt\":\"q\",\"completion\":\"a\",\"reward\":0.0,"
                + "\"advantage\":0.5,\"tokens\":[2,3],\"logprobs\":[-1.0,-2.0],\"origin\":{}}");
  }

  @Test
  void aLineSaysHowItsEpisodeCameAbout() throws IOException {
    Completion completion =
        new Completion(
            new int[] {2, 3, 4},
            new float[3],
            new TokenVersions(new int[] {0, 2}, new long[] {5, 6}, 3),
            "a",
            FinishReason.STOP);
    Group group = new Group(new int[] {1}, List.of(completion)).madeBy("generator/1 pid 7");
    double[] one = {1};
    ScoredGroup scored =
        ScoredGroup.of(new Problem("q", "t", 0), group, one, one).with(new Origin.Dispatch(12, 2));
    try (SampleLog log = log(0)) {
      log.open(1);
      log.add(List.of(scored));
    }
    JsonNode line = JsonMapper.shared().readTree(Files.readString(folder.resolve("s.jsonl")));
    assertThat(line.get("weightVersion").asInt()).isEqualTo(5);
    assertThat(line.get("versions").toString())
        .isEqualTo("[{\"from\":0,\"version\":5},{\"from\":2,\"version\":6}]");
    assertThat(line.get("origin").toString())
        .isEqualTo("{\"madeBy\":\"generator/1 pid 7\",\"position\":12,\"attempts\":2}");
  }

  @Test
  void samplesOfStepsToComeAreWrittenWhenThoseBegin() throws IOException {
    try (SampleLog log = log(6)) {
      log.add(8, group("c", 2));
      log.add(9, group("never", 1));
      log.add(7, group("a", 1));
      log.open(7);
      log.add(7, group("b", 1));
      assertThat(written()).containsExactly("7a", "7b");
      log.open(8);
      log.add(group("d", 1));
    }
    assertThat(written()).containsExactly("7a", "7b", "8c", "8c", "8d");
  }

  @Test
  void refusesSamplesOfAStepThatIsOver() {
    try (SampleLog log = log(0)) {
      log.open(2);
      assertThatThrownBy(() -> log.add(1, group("a", 1)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("step=1, present=2");
    }
  }

  @Test
  void showsThreeOfTheFirstStepAndOfEachTwentyFifth() {
    try (SampleLog log = log(0)) {
      for (int step = 1; step <= 50; step++) {
        log.open(step);
        log.add(group("a", 5));
      }
    }
    assertThat(shown).hasSize(3).allMatch(lines -> lines.size() == 3);
    assertThat(shown).extracting(lines -> lines.getFirst().step()).containsExactly(1L, 25L, 50L);
  }

  /// Eight threads give samples of the present step and of the four after it.
  @Test
  void stepsOnlyGrowWhicheverThreadIsAhead() throws IOException {
    try (SampleLog log = log(0)) {
      for (int step = 1; step <= 20; step++) {
        long present = step;
        log.open(present);
        Scope.map(
            IntStream.range(0, 8).boxed().toList(),
            thread -> {
              log.add(present + thread % 5, group("t" + thread, 2));
              return thread;
            });
      }
    }
    List<Integer> steps =
        Files.readAllLines(folder.resolve("s.jsonl")).stream()
            .map(line -> JsonMapper.shared().readTree(line).get("step").asInt())
            .toList();
    assertThat(steps).isSorted();
    assertThat(steps.stream().filter(step -> step == 20)).hasSize(16);
  }
}
