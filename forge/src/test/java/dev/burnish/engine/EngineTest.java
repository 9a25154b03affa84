package dev.burnish.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.engine.draft.Drafts;
import dev.burnish.engine.sampling.Draw;
import dev.burnish.model.LanguageModel;
import dev.burnish.nn.ModelRunner;
import dev.burnish.rollout.Completion;
import dev.burnish.rollout.Continuation;
import dev.burnish.rollout.FinishReason;
import dev.burnish.rollout.Group;
import dev.burnish.rollout.Priority;
import dev.burnish.rollout.SamplingParams;
import dev.burnish.rollout.TokenVersions;
import dev.burnish.rollout.VersionRange;
import dev.burnish.tensor.Device;
import dev.burnish.testing.TinyModels;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class EngineTest {
  private static final int VOCABULARY = 24;
  private static final int END = 1;
  private static final int POSITIONS = 64;
  private static final Scheduler.Admission ALL = Scheduler.Admission.ALL;

  private final List<LanguageModel> models =
      IntStream.range(0, 2).mapToObj(i -> TinyModels.llama(VOCABULARY, END, i)).toList();
  private final List<ModelRunner> runners =
      models.stream().map(model -> new ModelRunner(model.decoder())).toList();
  private final PlainForward plain = new PlainForward(models);

  @AfterEach
  void close() {
    models.forEach(LanguageModel::close);
  }

  private Engine.Setting setting(EngineSettings settings) {
    return new Engine.Setting(
        models.getFirst().decoder().shape(),
        Device.CPU,
        new Sequence.Endings(new int[] {END}, Optional.empty()),
        settings,
        extensions);
  }

  private static EngineSettings settings(int maxSequences, int budget) {
    return EngineSettings.defaults()
        .withMaxSequences(maxSequences)
        .withTokenBudget(Math.max(budget, maxSequences));
  }

  private Extensions extensions = Extensions.none();

  private Engine engine(EngineSettings settings, int numBlocks) {
    return new Engine(setting(settings), numBlocks, new Drafts(10_000), Engine.Watcher.NONE);
  }

  private GroupTask task(Request request, RequestListener listener) {
    return GroupTask.of(request, listener, models.getFirst().decoder().shape());
  }

  private GroupTask added(Engine engine, Request request) {
    GroupTask task = task(request, RequestListener.NONE);
    engine.add(task);
    return task;
  }

  /// A prompt that begins like many others, with samples of random parameters.
  private static Request request(Random random, int number) {
    int length = 1 + random.nextInt(50);
    int beginning = random.nextInt(2);
    int own = random.nextInt(3);
    int[] prompt = new int[length];
    Arrays.setAll(prompt, i -> 2 + (i < 32 ? i * (beginning + 3) : i * own + number) % 22);
    int room = 1 + random.nextInt(POSITIONS - length);
    double temperature = random.nextInt(3) == 0 ? 0 : 0.5 + random.nextDouble();
    return Request.of(
            prompt,
            SamplingParams.defaults()
                .withN(1 + random.nextInt(4))
                .withMaxTokens(room)
                .withTemperature(temperature)
                .withSeed(number))
        .withIndex(random.nextInt(3))
        .withPriority(List.of(Priority.values()).get(random.nextInt(3)));
  }

  private void assertPlain(Request request, Group group, String description) {
    assertThat(group.size()).isEqualTo(request.sampling().n());
    for (int sample = 0; sample < group.size(); sample++) {
      Completion completion = group.completions().get(sample);
      List<Draw.Drawn> expected = plain.again(request, sample, completion);
      for (int i = 0; i < expected.size(); i++) {
        assertThat(completion.tokens()[i])
            .as("%s sample %d token %d", description, sample, i)
            .isEqualTo(expected.get(i).token());
        assertThat(completion.logprobs()[i])
            .as("%s sample %d logprob %d", description, sample, i)
            .isEqualTo(expected.get(i).logprob());
      }
    }
  }

  private static void assertNothingHeld(Engine engine) {
    EngineStats.Load load = engine.stats().load();
    assertThat(load.usedTokens()).isZero();
    assertThat(load.running() + load.waiting()).isZero();
    assertThat(engine.isIdle()).isTrue();
  }

  @Test
  void whateverTheScheduleARequestGetsTheBitsOfAPlainForward() {
    long preemptions = 0;
    long reused = 0;
    long accepted = 0;
    for (int seed = 0; seed < 25; seed++) {
      Random random = new Random(seed);
      int sequences = 1 + random.nextInt(10);
      EngineSettings settings =
          settings(sequences, 1 + random.nextInt(40))
              .withDrafting(List.of(EngineSettings.Drafting.values()).get(seed % 3));
      try (Engine engine = engine(settings, 5 + random.nextInt(12))) {
        Map<GroupTask, Request> tasks = new HashMap<>();
        int version = 0;
        for (int step = 0; tasks.size() < 12 || !engine.isIdle(); step++) {
          if (tasks.size() < 12 && random.nextInt(4) == 0) {
            int bound = random.nextInt(2);
            Request request =
                request(random, tasks.size()).withVersions(VersionRange.exactly(bound));
            tasks.put(added(engine, request), request);
          }
          if (!engine.isRunning()) {
            VersionRange wanted =
                engine.next().map(next -> next.request().versions()).orElse(VersionRange.ANY);
            version = wanted.contains(version) ? version : 1 - version;
          }
          engine.step(runners.get(version), version, ALL);
          assertThat(step).as("steps of seed %d", seed).isLessThan(20_000);
        }
        assertNothingHeld(engine);
        preemptions += engine.stats().totals().preemptions();
        reused += engine.stats().totals().reusedTokens();
        accepted += engine.stats().totals().acceptedTokens();
        for (Map.Entry<GroupTask, Request> each : tasks.entrySet()) {
          Group group = each.getKey().group();
          assertThat(group.completions())
              .allSatisfy(c -> assertThat(c.finish()).isNotEqualTo(FinishReason.ABORTED));
          assertPlain(each.getValue(), group, "seed " + seed);
        }
      }
    }
    assertThat(preemptions).isGreaterThan(40);
    assertThat(reused).isGreaterThan(2_000);
    assertThat(accepted).isGreaterThan(100);
  }

  @Test
  void underASwapRunningSequencesKeepTheirKeysAndNewOnesFindNoneOfOldWeights() {
    for (int seed = 0; seed < 15; seed++) {
      Random random = new Random(seed);
      // Room for all, and prompts in one piece: no key is computed by other weights than its token.
      try (Engine engine = engine(settings(16, 1_000), 400)) {
        Map<GroupTask, Request> tasks = new HashMap<>();
        int version = 0;
        while (tasks.size() < 10 || !engine.isIdle()) {
          if (tasks.size() < 10 && random.nextInt(3) == 0) {
            Request request = request(random, tasks.size());
            tasks.put(added(engine, request), request);
          }
          version = random.nextInt(5) == 0 ? 1 - version : version;
          engine.step(runners.get(version), version, ALL);
        }
        assertThat(engine.stats().totals().preemptions()).isZero();
        for (Map.Entry<GroupTask, Request> each : tasks.entrySet()) {
          assertPlain(each.getValue(), each.getKey().group(), "seed " + seed);
        }
      }
    }
  }

  @Test
  void aSampleThatWaitsAfterAPreemptionIsAbortedWithWhatItHasAndContinuedToTheSameBits() {
    SamplingParams params =
        SamplingParams.defaults().withMaxTokens(40).withSuppressed(List.of(END)).withSeed(3);
    Request older = Request.of(new int[] {5, 6, 7}, params);
    Request younger = Request.of(new int[] {8, 9, 10}, params).withIndex(1);
    Group partial;
    try (Engine engine = engine(settings(4, 32), 4)) {
      GroupTask first = added(engine, older);
      GroupTask second = added(engine, younger);
      while (engine.stats().totals().preemptions() == 0) {
        engine.step(runners.getFirst(), 0, ALL);
      }
      assertThat(engine.stats().load().waiting()).isEqualTo(1);
      second.requestAbort();
      engine.settle();
      assertThat(second.isComplete()).isTrue();
      partial = second.group();
      assertThat(engine.stats().load().running()).isEqualTo(1);
      first.requestAbort();
      engine.settle();
      assertNothingHeld(engine);
      Completion completion = partial.completions().getFirst();
      assertThat(completion.finish()).isEqualTo(FinishReason.ABORTED);
      assertThat(completion.tokens()).hasSizeBetween(10, 39);
      GroupTask again = added(engine, younger.continuing(partial.completions()));
      while (!engine.isIdle()) {
        engine.step(runners.getFirst(), 0, ALL);
      }
      Group whole = again.group();
      assertThat(whole.completions().getFirst().tokens())
          .hasSize(40)
          .startsWith(completion.tokens());
      assertThat(again.tokens()).isEqualTo(40 - completion.tokens().length);
      assertPlain(younger, whole, "continued");
    }
  }

  @Test
  void aListenerHearsEachTokenOnceAndTheEnds() {
    Request request =
        Request.of(
            new int[] {3, 4}, SamplingParams.defaults().withN(3).withMaxTokens(12).withSeed(8));
    List<List<RequestListener.SampledToken>> heard =
        List.of(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
    Map<Integer, Completion> ended = new HashMap<>();
    RequestListener listener =
        new RequestListener() {
          @Override
          public void token(SampledToken token) {
            assertThat(ended).doesNotContainKey(token.sample());
            heard.get(token.sample()).add(token);
          }

          @Override
          public void ended(int sample, Completion completion) {
            assertThat(ended.put(sample, completion)).isNull();
          }
        };
    try (Engine engine = engine(settings(2, 32), 100)) {
      GroupTask task = task(request, listener);
      engine.add(task);
      while (!engine.isIdle()) {
        engine.step(runners.getFirst(), 0, ALL);
      }
      for (int sample = 0; sample < 3; sample++) {
        Completion completion = task.group().completions().get(sample);
        assertThat(Objects.requireNonNull(ended.get(sample)).tokens())
            .isEqualTo(completion.tokens());
        assertThat(heard.get(sample))
            .extracting(RequestListener.SampledToken::id)
            .containsExactlyElementsOf(IntStream.of(completion.tokens()).boxed().toList());
      }
    }
  }

  @Test
  void aListenerThatThrowsFailsItsRequestAlone() {
    SamplingParams params = SamplingParams.defaults().withMaxTokens(5).withSeed(8);
    try (Engine engine = engine(settings(4, 32), 100)) {
      GroupTask bad =
          task(
              Request.of(new int[] {3, 4}, params),
              _ -> {
                throw new IllegalStateException("gone");
              });
      engine.add(bad);
      GroupTask good = added(engine, Request.of(new int[] {3, 4}, params));
      while (!engine.isIdle()) {
        engine.step(runners.getFirst(), 0, ALL);
      }
      assertThatThrownBy(bad::group).hasMessage("gone");
      assertPlain(Request.of(new int[] {3, 4}, params), good.group(), "good");
      assertNothingHeld(engine);
    }
  }

  @Test
  void aRequestWhoseTimeIsOverEndsWithWhatThereIs() {
    SamplingParams params = SamplingParams.defaults().withN(3).withMaxTokens(5);
    try (Engine engine = engine(settings(4, 32), 100)) {
      GroupTask late =
          added(engine, Request.of(new int[] {3, 4}, params).withTimeout(Duration.ZERO));
      engine.settle();
      assertThat(late.group().completions())
          .hasSize(3)
          .allSatisfy(c -> {
            assertThat(c.finish()).isEqualTo(FinishReason.ABORTED);
            assertThat(c.tokens()).isEmpty();
          });
      assertNothingHeld(engine);
      assertThat(engine.stats().totals().aborted()).isEqualTo(1);
    }
  }

  @Test
  void aSampleThatCannotFitTheCacheIsRefused() {
    try (Engine engine = engine(settings(4, 32), 2)) {
      SamplingParams params = SamplingParams.defaults();
      engine.requireFits(
          task(Request.of(new int[20], params.withMaxTokens(12)), RequestListener.NONE));
      assertThatThrownBy(() ->
              engine.requireFits(
                  task(Request.of(new int[20], params.withMaxTokens(13)), RequestListener.NONE)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("the cache of 32 tokens: prompt=20 maxTokens=13");
    }
  }

  @Test
  void keysOfAStepThatFailedAreForgotten() {
    Request request = Request.of(new int[20], SamplingParams.greedy(20));
    try (Engine engine = engine(settings(4, 64), 100)) {
      GroupTask failed = added(engine, request);
      assertThatThrownBy(
              () -> engine.step(ModelRunner.unloaded(models.getFirst().decoder()), 0, ALL))
          .isInstanceOf(RuntimeException.class);
      engine.fail(new IllegalStateException("a step failed"));
      assertThatThrownBy(failed::group).hasMessage("a step failed");
      assertNothingHeld(engine);
      GroupTask again = added(engine, request);
      while (!engine.isIdle()) {
        engine.step(runners.getFirst(), 0, ALL);
      }
      assertThat(engine.stats().totals().reusedTokens()).isZero();
      assertPlain(request, again.group(), "again");
    }
  }

  /// It loses its keys when the tokens of two versions are there: its tokens keep what they were
  /// sampled with, and what follows is what the weights in use make of all of them.
  @Test
  void aSampleThatIsPreemptedAfterASwapIsComputedAgainByTheWeightsInUse() {
    SamplingParams params =
        SamplingParams.defaults()
            .withMaxTokens(30)
            .withSeed(4)
            .withEnd(SamplingParams.Stop.AtEnd.CONTINUE);
    Request request = Request.of(new int[] {3, 5, 8, 4}, params);
    List<RequestListener.SampledToken> told = new ArrayList<>();
    try (Engine engine = engine(settings(1, 32).withLongestWait(0), 4)) {
      GroupTask task = task(request, told::add);
      engine.add(task);
      while (told.size() < 10) {
        engine.step(runners.get(0), 0, ALL);
      }
      while (told.size() < 20) {
        engine.step(runners.get(1), 1, ALL); // swapped, keys kept
      }
      ScoreTask score =
          ScoreTask.of(
              List.of(Continuation.ofAll(new int[60])),
              VersionRange.ANY,
              PromptEncoder.tokensOnly(),
              models.getFirst().decoder().shape());
      engine.scoreNext(Optional.of(score));
      while (!score.isOver()) {
        engine.score(score, runners.get(1), 1); // takes the room
      }
      assertThat(engine.stats().totals().preemptions()).isEqualTo(1);
      assertThat(engine.stats().load().usedTokens()).isZero();
      while (!engine.isIdle()) {
        engine.step(runners.get(1), 1, ALL);
      }
      Completion completion = task.group().completions().getFirst();
      assertThat(completion.versions())
          .isEqualTo(TokenVersions.of(0, 10).concat(TokenVersions.of(1, 20)));
      for (int i = 0; i < 30; i++) {
        assertThat(completion.tokens()[i]).isEqualTo(told.get(i).id());
        assertThat(completion.logprobs()[i]).isEqualTo(told.get(i).logprob());
      }
      Completion before =
          new Completion(
              Arrays.copyOf(completion.tokens(), 20),
              Arrays.copyOf(completion.logprobs(), 20),
              completion.versions().slice(0, 20),
              "",
              FinishReason.ABORTED);
      GroupTask again = added(engine, request.continuing(List.of(before)));
      while (!engine.isIdle()) {
        engine.step(runners.get(1), 1, ALL);
      }
      Completion continued = again.group().completions().getFirst();
      assertThat(continued.tokens()).isEqualTo(completion.tokens());
      assertThat(continued.logprobs()).isEqualTo(completion.logprobs());
    }
  }

  /// Requests of all lengths come, are aborted at any moment, and the weights change.
  @Test
  void everyBlockIsReturnedWhateverIsAborted() {
    Random random = new Random(5);
    try (Engine engine = engine(settings(12, 48), 12)) {
      List<GroupTask> tasks = new ArrayList<>();
      int version = 0;
      int added = 0;
      while (added < 400 || !engine.isIdle()) {
        while (added < 400 && tasks.size() < 20) {
          tasks.add(added(engine, request(random, added++)));
        }
        if (random.nextInt(3) == 0 && !tasks.isEmpty()) {
          tasks.get(random.nextInt(tasks.size())).requestAbort();
        }
        version = random.nextInt(20) == 0 ? 1 - version : version;
        if (random.nextInt(50) == 0) {
          engine.recompute();
        }
        engine.step(runners.get(version), version, ALL);
        tasks.removeIf(GroupTask::isComplete);
      }
      assertNothingHeld(engine);
      assertThat(engine.stats().totals().aborted()).isBetween(50L, 400L);
      assertThat(engine.stats().totals().preemptions()).isPositive();
    }
  }

  @Test
  void aScriptChoosesTheOrderChangesLogitsAndObservesSteps() {
    List<StepObserver.StepReport> reports = new ArrayList<>();
    extensions =
        Extensions.none()
            .withOrder(request -> request.sampling().maxTokens())
            .withProcessors(List.of((_, logits) -> logits.set(7, 1e6f)))
            .withObserver(reports::add);
    SamplingParams params = SamplingParams.defaults();
    try (Engine engine = engine(settings(1, 32), 100)) {
      List<GroupTask> tasks = new ArrayList<>();
      List<Integer> ended = new ArrayList<>();
      for (int length : new int[] {9, 3, 5}) {
        RequestListener listener =
            new RequestListener() {
              @Override
              public void token(SampledToken token) {
                assertThat(token.id()).isEqualTo(7);
              }

              @Override
              public void ended(int sample, Completion completion) {
                ended.add(completion.tokens().length);
              }
            };
        tasks.add(task(Request.of(new int[] {3, 4}, params.withMaxTokens(length)), listener));
        engine.add(tasks.getLast());
      }
      while (!engine.isIdle()) {
        engine.step(runners.getFirst(), 0, ALL);
      }
      assertThat(ended).containsExactly(3, 5, 9);
      assertThat(reports.stream().mapToInt(StepObserver.StepReport::tokens).sum()).isEqualTo(17);
      assertThat(reports.getFirst().rows()).isEqualTo(2);
    }
  }
}
