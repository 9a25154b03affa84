package dev.burnish.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.engine.cache.BlockManager;
import dev.burnish.engine.draft.Drafts;
import dev.burnish.model.LanguageModel;
import dev.burnish.nn.ModelRunner;
import dev.burnish.rollout.Completion;
import dev.burnish.rollout.Continuation;
import dev.burnish.rollout.Group;
import dev.burnish.rollout.Prompt;
import dev.burnish.rollout.SamplingParams;
import dev.burnish.rollout.Score;
import dev.burnish.rollout.VersionRange;
import dev.burnish.tensor.Device;
import dev.burnish.testing.TinyModels;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Scores in the cache of an engine, between the steps of samples.
class ScorerTest {
  private static final int VOCABULARY = 24;
  private static final Scheduler.Admission ALL = Scheduler.Admission.ALL;

  private final List<LanguageModel> models =
      IntStream.range(0, 2).mapToObj(seed -> TinyModels.llama(VOCABULARY, 1, seed)).toList();
  private final List<ModelRunner> runners =
      models.stream().map(model -> new ModelRunner(model.decoder())).toList();
  private EngineSettings settings =
      EngineSettings.defaults().withMaxSequences(8).withTokenBudget(16);

  @AfterEach
  void close() {
    models.forEach(LanguageModel::close);
  }

  private Engine engine(int numBlocks) {
    return new Engine(
        new Engine.Setting(
            models.getFirst().decoder().shape(),
            Device.CPU,
            new Sequence.Endings(new int[] {1}, Optional.empty()),
            settings,
            Extensions.none()),
        numBlocks,
        new Drafts(10_000),
        Engine.Watcher.NONE);
  }

  private ScoreTask task(List<Continuation> continuations) {
    return ScoreTask.of(
        continuations,
        VersionRange.ANY,
        PromptEncoder.tokensOnly(),
        models.getFirst().decoder().shape());
  }

  private List<Score> alone(int version, List<Continuation> continuations) {
    return new BatchGenerator(models.get(version), PromptEncoder.tokensOnly()).score(continuations);
  }

  /// A call of some continuations, which may begin alike, of one prompt or several.
  private static List<Continuation> continuations(Random random) {
    List<Continuation> all = new ArrayList<>();
    int beginning = random.nextInt(2);
    int count = 1 + random.nextInt(6);
    for (int i = 0; i < count; i++) {
      int[] prompt = new int[1 + random.nextInt(45)];
      int own = random.nextInt(3);
      Arrays.setAll(prompt, p -> 2 + (p < 32 ? p * (beginning + 3) : p * own) % 22);
      int more = 1 + random.nextInt(64 - prompt.length);
      int[] tokens = random.ints(more, 0, VOCABULARY).toArray();
      if (random.nextBoolean()) {
        Arrays.fill(tokens, 0, more / 2, 5);
      }
      all.add(new Continuation(Prompt.tokens(prompt), tokens));
    }
    return all;
  }

  private static List<Continuation> samples(int[] prompt, int count, int length) {
    Random random = new Random(count);
    return IntStream.range(0, count)
        .mapToObj(_ -> random.ints(length, 0, VOCABULARY).toArray())
        .map(tokens -> new Continuation(Prompt.tokens(prompt), tokens))
        .toList();
  }

  @Test
  void keysLieInTheirBlocksAsTheirPositionsSayAndInNoMoreBlocksThanPlanned() {
    BlockManager blocks = new BlockManager(2_000);
    blocks.computeBy(0);
    for (int round = 0; round < 300; round++) {
      List<Scorer.Scored> sequences = task(continuations(new Random(round))).remaining(0);
      int before = blocks.numAvailable();
      try (ScoreBatch batch = ScoreBatch.of(sequences, blocks, 0, 1_000).orElseThrow()) {
        int count = batch.numLeft();
        int most = ScoreBatch.mostBlocks(count + batch.numCached(), sequences.size());
        assertThat(before - blocks.numAvailable()).as("round %d", round).isLessThanOrEqualTo(most);
        int[] slots = batch.slots(count);
        int[] positions = batch.positions(count);
        assertThat(IntStream.of(slots).distinct().count()).isEqualTo(count);
        for (int i = 0; i < count; i++) {
          assertThat(slots[i] % BlockManager.SIZE).isEqualTo(positions[i] % BlockManager.SIZE);
        }
        batch.advance(count);
      }
    }
  }

  private void finish(Engine engine, ScoreTask task, int version) {
    engine.scoreNext(Optional.of(task));
    while (!task.isOver()) {
      engine.score(task, runners.get(version), version);
    }
  }

  private static void assertSame(List<Score> scores, List<Score> expected) {
    assertThat(scores).hasSameSizeAs(expected);
    for (int i = 0; i < scores.size(); i++) {
      assertThat(scores.get(i).logprobs()).isEqualTo(expected.get(i).logprobs());
    }
  }

  private static void assertNothingHeld(Engine engine) {
    assertThat(engine.stats().load().usedTokens()).isZero();
    assertThat(engine.isIdle()).isTrue();
  }

  @Test
  void theSamplesOfAPromptComputeItOnceAndLaterCallsNotAtAll() {
    int[] prompt = new int[40];
    Arrays.setAll(prompt, i -> 2 + i % 20);
    List<Continuation> samples = samples(prompt, 5, 11);
    List<Score> expected = alone(0, samples);
    try (Engine engine = engine(100)) {
      ScoreTask first = task(samples);
      finish(engine, first, 0);
      assertSame(first.scores(), expected);
      long computed = engine.stats().totals().promptTokens();
      assertThat(computed).isBetween(40 + 5 * 9L, 40 + 5 * 10L);
      assertThat(engine.stats().totals().reusedTokens()).isZero();
      ScoreTask second = task(samples);
      finish(engine, second, 0);
      assertSame(second.scores(), expected);
      assertThat(engine.stats().totals().reusedTokens()).isEqualTo(32);
      assertThat(engine.stats().totals().promptTokens()).isEqualTo(2 * computed - 32);
      assertNothingHeld(engine);
    }
  }

  @Test
  void scoresFindWhatSamplesComputedAndSamplesWhatScoresDid() {
    int[] prompt = new int[33];
    Arrays.setAll(prompt, i -> 2 + i % 20);
    Request request = Request.of(prompt, SamplingParams.defaults().withN(3).withMaxTokens(20));
    try (Engine engine = engine(100)) {
      Group group = generate(engine, request);
      List<Continuation> sampled =
          group.completions().stream()
              .map(each -> new Continuation(Prompt.tokens(prompt), each.tokens()))
              .toList();
      ScoreTask task = task(sampled);
      finish(engine, task, 0);
      assertThat(engine.stats().totals().reusedTokens()).isEqualTo(32);
      for (int i = 0; i < 3; i++) {
        assertThat(task.scores().get(i).logprobs())
            .isEqualTo(group.completions().get(i).logprobs());
      }
    }
    try (Engine engine = engine(100)) {
      finish(engine, task(samples(prompt, 2, 5)), 0);
      generate(engine, request);
      assertThat(engine.stats().totals().reusedTokens()).isEqualTo(32);
      ScoreTask other = task(samples(prompt, 2, 5));
      finish(engine, other, 1);
      assertThat(engine.stats().totals().reusedTokens()).as("of another version").isEqualTo(32);
      assertSame(other.scores(), alone(1, samples(prompt, 2, 5)));
      assertNothingHeld(engine);
    }
  }

  private Group generate(Engine engine, Request request) {
    GroupTask task = add(engine, request);
    while (!engine.isIdle()) {
      engine.step(runners.getFirst(), 0, ALL);
    }
    return task.group();
  }

  private GroupTask add(Engine engine, Request request) {
    GroupTask task =
        GroupTask.of(request, RequestListener.NONE, models.getFirst().decoder().shape());
    engine.add(task);
    return task;
  }

  @Test
  void aTurnOfScoresHasNoMoreRowsThanAStep() {
    try (Engine engine = engine(100)) {
      ScoreTask task = task(samples(new int[30], 6, 30));
      engine.scoreNext(Optional.of(task));
      long before = 0;
      int turns = 0;
      while (!task.isOver()) {
        engine.score(task, runners.getFirst(), 0);
        long computed = engine.stats().totals().promptTokens();
        assertThat(computed - before).isBetween(1L, 16L);
        before = computed;
        turns++;
      }
      assertThat(turns).isGreaterThan(10);
    }
  }

  /// Calls of all kinds between the steps of samples, in a cache that is too small for all of them;
  /// callers leave, the weights change, and steps fail.
  @Test
  void whateverTheScheduleScoresHaveTheBitsOfThoseAloneAndEveryBlockComesBack() {
    int compared = 0;
    long reused = 0;
    long preemptions = 0;
    for (int seed = 0; seed < 30; seed++) {
      Random random = new Random(seed);
      settings =
          settings
              .withMaxSequences(1 + random.nextInt(8))
              .withTokenBudget(8 + random.nextInt(60))
              .withLongestWait(random.nextInt(2) * 1_000);
      try (Engine engine = engine(5 + random.nextInt(20))) {
        int version = 0;
        int added = 0;
        for (int call = 0; call < 8; call++) {
          List<Continuation> continuations = continuations(random);
          ScoreTask task = task(continuations);
          engine.requireFits(task);
          engine.scoreNext(Optional.of(task));
          boolean leaves = random.nextInt(6) == 0;
          while (!task.isOver()) {
            if (added < 30 && random.nextInt(3) == 0) {
              int[] prompt = ((Prompt.Tokens) continuations.getFirst().prompt()).ids();
              SamplingParams params =
                  SamplingParams.defaults().withN(2).withMaxTokens(1 + random.nextInt(19));
              add(engine, Request.of(prompt, params.withSeed(added++)));
            }
            version = random.nextInt(20) == 0 && !task.isBound() ? 1 - version : version;
            engine.score(task, runners.get(version), version);
            engine.step(runners.get(version), version, ALL);
            if (random.nextInt(60) == 0) {
              engine.fail(new IllegalStateException("a step failed"));
            }
            if (leaves && random.nextInt(4) == 0) {
              task.fail(new IllegalStateException("left"));
            }
          }
          engine.scoreNext(Optional.empty());
          if (!leaves) {
            assertSame(
                task.scores(), alone((int) task.scores().getFirst().version(), continuations));
            compared++;
          }
        }
        while (!engine.isIdle()) {
          engine.step(runners.get(version), version, ALL);
        }
        assertNothingHeld(engine);
        reused += engine.stats().totals().reusedTokens();
        preemptions += engine.stats().totals().preemptions();
      }
    }
    assertThat(compared).isGreaterThan(150);
    assertThat(reused).isPositive();
    assertThat(preemptions).isPositive();
  }

  @Test
  void aCallThatWaitsForRoomTakesItWhenItHasWaitedForTooLong() {
    int[] prompt = new int[30];
    Request request = Request.of(prompt, SamplingParams.greedy(33).withN(1));
    for (double longestWait : new double[] {1_000, 0}) {
      settings = settings.withLongestWait(longestWait);
      try (Engine engine = engine(6)) {
        Map<Integer, GroupTask> running = new HashMap<>();
        for (int i = 0; i < 2; i++) {
          int[] own = prompt.clone();
          Arrays.fill(own, 3 + i);
          running.put(
              i,
              add(
                  engine,
                  Request.of(own, request.sampling().withEnd(SamplingParams.Stop.AtEnd.CONTINUE))));
        }
        for (int step = 0; step < 6; step++) {
          engine.step(runners.getFirst(), 0, ALL);
        }
        ScoreTask task = task(samples(new int[20], 1, 30));
        engine.scoreNext(Optional.of(task));
        engine.score(task, runners.getFirst(), 0);
        assertThat(engine.stats().totals().preemptions())
            .as("longest wait %s", longestWait)
            .isEqualTo(longestWait == 0 ? 2 : 0);
        while (!engine.isIdle() || !task.isOver()) {
          if (!task.isOver()) {
            engine.score(task, runners.getFirst(), 0);
          }
          engine.step(runners.getFirst(), 0, ALL);
        }
        assertThat(running.values())
            .allSatisfy(each ->
                assertThat(each.group().completions())
                    .extracting(Completion::tokens)
                    .allSatisfy(tokens -> assertThat(tokens).hasSize(33)));
        assertNothingHeld(engine);
      }
    }
  }

  @Test
  void aCallBeginsAgainForOtherWeightsOnceAndThenKeepsThem() {
    List<Continuation> samples = samples(new int[10], 4, 40);
    try (Engine engine = engine(100)) {
      ScoreTask task = task(samples);
      engine.scoreNext(Optional.of(task));
      engine.score(task, runners.get(0), 0);
      assertThat(task.isBound()).isFalse();
      engine.score(task, runners.get(1), 1);
      assertThat(task.isBound()).isTrue();
      finish(engine, task, 1);
      assertThat(task.isBound()).isFalse();
      assertSame(task.scores(), alone(1, samples));
    }
  }

  @Test
  void asManySequencesAsThereIsRoomForAreComputedTogether() {
    BlockManager blocks = new BlockManager(100);
    List<Scorer.Scored> many =
        IntStream.range(0, 40)
            .mapToObj(i -> new Scorer.Scored(new int[] {i % 20, i / 20, 3, 4}, 2))
            .toList();
    assertThat(ScoreBatch.of(many, blocks, 0, 0)).isEmpty();
    for (int room : new int[] {1, 5, 9, 100}) {
      try (ScoreBatch batch = ScoreBatch.of(many, blocks, 0, room).orElseThrow()) {
        assertThat(batch.results().size()).isLessThanOrEqualTo(room).isGreaterThan(room / 5);
        assertThat(100 - blocks.numAvailable()).isLessThanOrEqualTo(room);
      }
      assertThat(blocks.numAvailable()).isEqualTo(100);
    }
  }

  @Test
  void whatDoesNotFitTheCacheIsRefused() {
    try (Engine engine = engine(2)) {
      engine.requireFits(task(samples(new int[20], 1, 13)));
      assertThatThrownBy(() -> engine.requireFits(task(samples(new int[20], 1, 14))))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("cache of 32 tokens: prompt=20 tokens=14");
    }
  }
}
