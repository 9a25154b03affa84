package dev.burnish.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.engine.BatchGenerator;
import dev.burnish.engine.PromptEncoder;
import dev.burnish.env.tools.Calculator;
import dev.burnish.model.LanguageModel;
import dev.burnish.model.LlamaConfig;
import dev.burnish.rl.journal.EpisodeJournal;
import dev.burnish.rollout.Environment;
import dev.burnish.rollout.Episode;
import dev.burnish.rollout.Generator;
import dev.burnish.rollout.Problem;
import dev.burnish.rollout.RolloutFailure.EnvironmentFailed;
import dev.burnish.rollout.SamplingParams;
import dev.burnish.rollout.ScoredGroup;
import dev.burnish.text.CharacterTokenizer;
import dev.burnish.text.ChatTemplate;
import dev.burnish.tools.ToolFormat;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Episodes of a real generator with an environment whose answers nobody can predict.
class ReplayedTest {
  private static final CharacterTokenizer CHARACTERS = CharacterTokenizer.of("0123456789=");
  private static final ChatFormat FORMAT =
      ChatFormat.of(
          CHARACTERS,
          ChatTemplate.of(
              "{% for m in messages %}{{ m.content }}{{ '<|end|>' if m.role == 'assistant' else '=' }}{% endfor %}"));
  private static final EnvironmentRollout ROLLOUT =
      EnvironmentRollout.of(FORMAT, Budget.defaults().withTurns(4)).withLeast(1);
  private static final Problem PROBLEM = new Problem("12", "", 3);
  private static final SamplingParams SAMPLING =
      SamplingParams.defaults().withN(4).withMaxTokens(6).withSeed(7);

  @TempDir Path folder;

  /// A clock: it says another number at each call, and fails the second of the episodes.
  private static final class Clock implements Environment {
    private final AtomicLong time;
    private final boolean fails;

    Clock(AtomicLong time, boolean fails) {
      this.time = time;
      this.fails = fails;
    }

    @Override
    public Observation reset(long seed) {
      return Observation.user("12");
    }

    @Override
    public Step step(Action action) {
      if (fails) {
        throw new IllegalStateException("this one fails");
      }
      long now = time.addAndGet(37);
      return new Step.Next(Observation.tool(Long.toString(now % 100_000)), now % 7);
    }

    @Override
    public double truncated() {
      return time.incrementAndGet() % 5;
    }

    @Override
    public Map<String, Double> measures() {
      return Map.of("clock/time", (double) time.get());
    }
  }

  private static double[] advantages(double[] rewards) {
    double mean = DoubleStream.of(rewards).average().orElseThrow();
    return DoubleStream.of(rewards).map(reward -> reward - mean).toArray();
  }

  private static LanguageModel model(long seed) {
    int end = CHARACTERS.endId().orElseThrow();
    return LanguageModel.random(LlamaConfig.small(CHARACTERS.vocabularySize(), end).toJson(), seed);
  }

  /// A generator for one call at a time, which the threads of episodes share.
  private static Generator policy(LanguageModel model) {
    BatchGenerator generator =
        new BatchGenerator(model, new PromptEncoder(Optional.of(CHARACTERS), Optional.empty()));
    ReentrantLock lock = new ReentrantLock();
    return (Generator)
        Proxy.newProxyInstance(
            ReplayedTest.class.getClassLoader(),
            new Class<?>[] {Generator.class},
            (proxy, method, arguments) -> {
              if (method.isDefault()) {
                return InvocationHandler.invokeDefault(proxy, method, arguments);
              }
              lock.lock();
              try {
                return method.invoke(generator, arguments);
              } finally {
                lock.unlock();
              }
            });
  }

  @Test
  void anAgentsRunReplaysBitForBitFromItsJournalWithoutItsTools() {
    AtomicLong time = new AtomicLong(System.nanoTime() % 1_000_000);
    AtomicLong made = new AtomicLong();
    try (LanguageModel model = model(1);
        EpisodeJournal journal = EpisodeJournal.open(folder.resolve("episodes.bin"))) {
      ScoredGroup first =
          ROLLOUT.play(
              PROBLEM,
              () -> new Clock(time, made.incrementAndGet() == 2),
              policy(model),
              SAMPLING,
              ReplayedTest::advantages);
      assertThat(first.episodes()).hasSize(3);
      journal.finished(5, first);
      ScoredGroup recorded = journal.group(5).orElseThrow();
      ScoredGroup again =
          ROLLOUT.replay(recorded, policy(model), SAMPLING, ReplayedTest::advantages);
      assertThat(Replayed.difference(first, again)).isEmpty();
      assertThat(again.episodes().stream().map(Episode::recording))
          .isEqualTo(first.episodes().stream().map(Episode::recording).toList());
      assertThat(again.episodes().getFirst().recording().orElseThrow().steps()).hasSize(4);

      // The same once more with live tools is another run, and so is one of another seed.
      ScoredGroup live =
          ROLLOUT.play(
              PROBLEM,
              () -> new Clock(time, false),
              policy(model),
              SAMPLING.withN(3),
              ReplayedTest::advantages);
      assertThat(Replayed.difference(first, live)).isPresent();
      assertThat(
              Replayed.difference(
                  first,
                  ROLLOUT.replay(
                      recorded, policy(model), SAMPLING.withSeed(8), ReplayedTest::advantages)))
          .isPresent();
    }
  }

  @Test
  void otherWeightsAreSeen() {
    try (LanguageModel model = model(1);
        LanguageModel other = model(2)) {
      AtomicLong time = new AtomicLong();
      ScoredGroup first =
          ROLLOUT.play(
              PROBLEM,
              () -> new Clock(time, false),
              policy(model),
              SAMPLING,
              ReplayedTest::advantages);
      ScoredGroup again = ROLLOUT.replay(first, policy(other), SAMPLING, ReplayedTest::advantages);
      assertThat(Replayed.difference(first, again).orElseThrow())
          .startsWith("episode 0: segment 1");
    }
  }

  @Test
  void anEpisodeThatSaysMoreThanItDidFailsAndOneWithoutARecordingIsRefused() {
    try (LanguageModel model = model(1)) {
      ScoredGroup first =
          ROLLOUT.play(
              PROBLEM,
              () -> new Clock(new AtomicLong(), false),
              policy(model),
              SAMPLING,
              ReplayedTest::advantages);
      EnvironmentRollout longer =
          EnvironmentRollout.of(FORMAT, Budget.defaults().withTurns(5)).withLeast(1);
      assertThatThrownBy(
              () -> longer.replay(first, policy(model), SAMPLING, ReplayedTest::advantages))
          .isInstanceOf(EnvironmentFailed.class)
          .hasMessageContaining("turn=4 of 4");
      ScoredGroup bare =
          new ScoredGroup(
              PROBLEM,
              first.episodes().stream()
                  .map(episode -> new Episode(episode.branches(), episode.reward()))
                  .toList());
      assertThatThrownBy(
              () -> ROLLOUT.replay(bare, policy(model), SAMPLING, ReplayedTest::advantages))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("problem=3");
    }
  }

  @Test
  void theMeasuresOfEpisodesAreAveraged() {
    try (LanguageModel model = model(1)) {
      AtomicLong time = new AtomicLong();
      ScoredGroup group =
          ROLLOUT.play(
              PROBLEM,
              () -> new Clock(time, false),
              policy(model),
              SAMPLING,
              ReplayedTest::advantages);
      double mean =
          group.episodes().stream()
              .mapToDouble(e -> e.recording().orElseThrow().measures().get("clock/time"))
              .average()
              .orElseThrow();
      EpisodeMeasures measures = EpisodeMeasures.of(List.of(group));
      assertThat(measures.means()).isEqualTo(Map.of("clock/time", mean));
      assertThat(EpisodeMeasures.of(List.of()).means()).isEmpty();
    }
  }

  @Test
  void aPolicyIsMeasuredByOneEpisodePerProblem() {
    try (LanguageModel model = model(1)) {
      List<Problem> problems =
          List.of(new Problem("12", "", 0), new Problem("34", "", 1), new Problem("5", "", 2));
      double mean =
          ROLLOUT.measure(
              policy(model),
              problems,
              problem ->
                  new ToolEnvironment(
                      ToolTask.of(problem, (prompt, _, _) -> prompt.length()),
                      Calculator.tools(),
                      ToolUse.of(FORMAT, ToolFormat.JSON)),
              4);
      assertThat(mean).isEqualTo(5 / 3.0);
    }
  }
}
