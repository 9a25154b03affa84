package dev.burnish.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.burnish.concurrent.Scope;
import dev.burnish.concurrent.Subtask;
import dev.burnish.model.LanguageModel;
import dev.burnish.nn.Pass;
import dev.burnish.nn.Targets;
import dev.burnish.nn.TokenForest;
import dev.burnish.rollout.Completion;
import dev.burnish.rollout.Continuation;
import dev.burnish.rollout.Group;
import dev.burnish.rollout.Prompt;
import dev.burnish.rollout.SamplingParams;
import dev.burnish.rollout.Score;
import dev.burnish.rollout.VersionRange;
import dev.burnish.tensor.TensorScope;
import dev.burnish.testing.TinyModels;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ScoreTest {
  private static final int VOCABULARY = 24;
  private static final int POSITIONS = 64; // of TinyModels

  private final List<LanguageModel> models =
      IntStream.range(0, 2).mapToObj(seed -> TinyModels.llama(VOCABULARY, 1, seed)).toList();
  private final PublishedVersions published = new PublishedVersions();

  ScoreTest() {
    for (int version = 0; version < models.size(); version++) {
      published.publish(version, models.get(version).decoder().weights());
      models.get(version).decoder().weights().publish(version);
    }
  }

  @AfterEach
  void close() {
    assertThat(published.numOpen()).isZero();
    models.forEach(LanguageModel::close);
    published.close();
  }

  private BatchGenerator alone(int version) {
    return new BatchGenerator(models.get(version), PromptEncoder.tokensOnly());
  }

  private QueuedGenerator queued(EngineSettings settings) {
    return new QueuedGenerator(
        models.getFirst().spec(),
        PromptEncoder.tokensOnly(),
        Optional.empty(),
        published,
        settings);
  }

  /// Of all lengths that a model takes, some of which begin alike.
  private static List<Continuation> continuations(int count) {
    Random random = new Random(count);
    List<Continuation> all = new ArrayList<>();
    int[] common = random.ints(20, 0, VOCABULARY).toArray();
    for (int i = 0; i < count; i++) {
      int length = 1 + random.nextInt(POSITIONS - 1);
      int[] prompt = random.ints(length, 0, VOCABULARY).toArray();
      if (i % 3 == 0) {
        System.arraycopy(common, 0, prompt, 0, Math.min(common.length, length));
      }
      int more = 1 + random.nextInt(POSITIONS + 1 - length);
      all.add(new Continuation(Prompt.tokens(prompt), random.ints(more, 0, VOCABULARY).toArray()));
    }
    return all;
  }

  private static int length(Continuation continuation) {
    return ((Prompt.Tokens) continuation.prompt()).ids().length + continuation.tokens().length;
  }

  private static void assertSame(List<Score> scores, List<Score> expected) {
    assertThat(scores).hasSameSizeAs(expected);
    for (int i = 0; i < scores.size(); i++) {
      assertThat(scores.get(i).logprobs()).isEqualTo(expected.get(i).logprobs());
      assertThat(scores.get(i).version()).isEqualTo(expected.get(i).version());
    }
  }

  @Test
  void aScoreHasTheBitsOfWhatIsSampled() {
    SamplingParams params = SamplingParams.defaults().withN(5).withMaxTokens(30).withSeed(2);
    Prompt prompt = Prompt.tokens(4, 9, 9, 3);
    Group group = alone(0).generate(prompt, params);
    List<Continuation> continuations =
        group.completions().stream().map(c -> new Continuation(prompt, c.tokens())).toList();
    List<Score> scores = alone(0).score(continuations);
    for (int i = 0; i < scores.size(); i++) {
      Completion completion = group.completions().get(i);
      assertThat(scores.get(i).logprobs()).isEqualTo(completion.logprobs());
      assertThat(scores.get(i).sum()).isEqualTo(completion.cumulativeLogprob());
      assertThat(scores.get(i).version()).isZero();
    }
  }

  @Test
  void aScoreDoesNotDependOnTheOthersNorOnHowTheyAreCut() {
    List<Continuation> many = continuations(200); // several batches, each of several chunks
    List<Score> together = alone(0).score(many);
    BatchGenerator one = alone(0);
    for (int i = 0; i < many.size(); i += 7) {
      assertSame(one.score(List.of(many.get(i))), List.of(together.get(i)));
    }
  }

  @Test
  void aScoreIsThatOfTheTrainer() {
    List<Continuation> many =
        continuations(30).stream().filter(each -> length(each) <= POSITIONS).toList();
    List<Score> scores = alone(1).score(many);
    for (int i = 0; i < many.size(); i++) {
      TokenForest forest = new TokenForest();
      int prompt = forest.add(TokenForest.ROOT, ((Prompt.Tokens) many.get(i).prompt()).ids());
      int[] tokens = many.get(i).tokens();
      Targets targets = new Targets().addNode(forest, forest.add(prompt, tokens), 0);
      try (TensorScope _ = TensorScope.open();
          Pass pass = models.get(1).decoder().evaluate(forest)) {
        float[] logprobs = pass.logprobs(targets, 1).logprobs();
        for (int t = 0; t < logprobs.length; t++) {
          float tolerance = 1e-5f * Math.max(1, Math.abs(logprobs[t]));
          assertThat(scores.get(i).logprobs()[t]).isCloseTo(logprobs[t], within(tolerance));
        }
      }
    }
  }

  @Test
  void theTokensOfAPromptAreScoredAfterTheFirst() {
    int[] prompt = {3, 5, 7, 7, 2};
    Score echo = alone(0).score(List.of(Continuation.ofAll(prompt))).getFirst();
    assertThat(echo.logprobs()).hasSize(4);
    for (int i = 1; i < prompt.length; i++) {
      Continuation next =
          new Continuation(Prompt.tokens(Arrays.copyOf(prompt, i)), new int[] {prompt[i]});
      assertThat(alone(0).score(List.of(next)).getFirst().logprobs())
          .containsExactly(echo.logprobs()[i - 1]);
    }
    assertThatThrownBy(() -> Continuation.ofAll(3)).hasMessageContaining("tokens=0");
  }

  @Test
  void aQueuedGeneratorScoresByTheVersionsThatAreAskedForWhileItGenerates() throws Exception {
    List<Continuation> many = continuations(90);
    SamplingParams params = SamplingParams.defaults().withN(8).withMaxTokens(50);
    List<List<Score>> expected = List.of(alone(0).score(many), alone(1).score(many));
    try (QueuedGenerator generator = queued(EngineSettings.defaults());
        Scope scope = Scope.open()) {
      List<Subtask<?>> calls = new ArrayList<>();
      for (int i = 0; i < 6; i++) {
        int call = i;
        calls.add(
            scope.fork(
                "generate-" + i,
                () -> generator.generate(Prompt.tokens(2 + call), params.withSeed(call))));
      }
      for (int i = 0; i < 6; i++) {
        int version = i % 2;
        scope.fork(
            "score-" + i,
            () -> {
              assertSame(
                  generator.score(many, VersionRange.exactly(version)), expected.get(version));
              return version;
            });
      }
      scope.join();
      assertThat(calls).hasSize(6);
    }
  }

  @Test
  void scoresEndHoweverOftenWeightsChangeAndWeightsChangeHoweverManyScoresThereAre()
      throws Exception {
    List<Continuation> many = continuations(120);
    List<List<Score>> expected = List.of(alone(0).score(many), alone(1).score(many));
    AtomicBoolean scored = new AtomicBoolean();
    try (QueuedGenerator generator =
            queued(EngineSettings.defaults().withMaxSequences(4).withTokenBudget(64));
        Scope scope = Scope.open()) {
      scope.fork(
          "updates",
          () -> {
            for (int i = 0; !scored.get(); i++) {
              generator.updateWeights(i % 2);
            }
            return true;
          });
      scope.fork(
          "scores",
          () -> {
            for (int call = 0; call < 5; call++) {
              List<Score> scores = generator.score(many);
              assertSame(scores, expected.get((int) scores.getFirst().version()));
            }
            scored.set(true);
            return true;
          });
      scope.join();
      assertThat(generator.updateWeights(0)).isZero();
      assertThat(generator.updateWeights(1)).isEqualTo(1);
      assertThat(generator.stats().load().usedTokens()).isZero();
    }
  }

  @Test
  void callersThatLeaveAndAGeneratorThatClosesLeaveNobodyWaiting() throws Exception {
    List<Continuation> many = continuations(400);
    QueuedGenerator generator = queued(EngineSettings.defaults());
    try (Scope scope = Scope.open()) {
      Subtask<Boolean> interrupted =
          scope.fork(
              "interrupted",
              () -> {
                Thread.currentThread().interrupt();
                assertThatThrownBy(() -> generator.score(many))
                    .isInstanceOf(CancellationException.class);
                return Thread.interrupted();
              });
      scope.join();
      assertThat(interrupted.result()).isTrue();
    }
    assertSame(generator.score(many.subList(0, 3)), alone(1).score(many.subList(0, 3)));
    assertThat(generator.score(List.of())).isEmpty();
    generator.close();
    assertThatThrownBy(() -> generator.score(many))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("closed");
  }

  @Test
  void whatDoesNotFitTheModelOrHasNoVersionIsRefused() {
    Continuation tooLong = new Continuation(Prompt.tokens(1, 2), new int[POSITIONS]);
    Continuation empty = new Continuation(Prompt.tokens(), new int[] {1});
    Continuation unknown = new Continuation(Prompt.tokens(1), new int[] {VOCABULARY});
    for (Continuation each : List.of(tooLong, empty, unknown)) {
      assertThatThrownBy(() -> alone(0).score(List.of(each)))
          .isInstanceOf(IllegalArgumentException.class);
    }
    assertThatThrownBy(() -> alone(0).score(continuations(1), VersionRange.exactly(7)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("weights=0");
    try (QueuedGenerator generator = queued(EngineSettings.defaults())) {
      assertThatThrownBy(() -> generator.score(continuations(1), VersionRange.exactly(7)))
          .isInstanceOf(IllegalArgumentException.class);
      assertThat(generator.score(continuations(1), VersionRange.exactly(0))).hasSize(1);
    }
  }
}
