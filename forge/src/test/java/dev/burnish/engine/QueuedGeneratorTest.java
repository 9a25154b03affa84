package dev.burnish.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.concurrent.Scope;
import dev.burnish.concurrent.Subtask;
import dev.burnish.engine.sampling.Draw;
import dev.burnish.engine.sampling.FakeSequence;
import dev.burnish.engine.sampling.Sampler;
import dev.burnish.kernel.AttentionPlan;
import dev.burnish.link.failure.Overloaded;
import dev.burnish.model.LanguageModel;
import dev.burnish.nn.KeyValueCache;
import dev.burnish.nn.LoraConfig;
import dev.burnish.nn.ModelRunner;
import dev.burnish.rollout.Completion;
import dev.burnish.rollout.Evaluation;
import dev.burnish.rollout.FinishReason;
import dev.burnish.rollout.Group;
import dev.burnish.rollout.Problem;
import dev.burnish.rollout.Prompt;
import dev.burnish.rollout.Reward;
import dev.burnish.rollout.SamplingParams;
import dev.burnish.rollout.TokenVersions;
import dev.burnish.rollout.VersionRange;
import dev.burnish.tensor.DType;
import dev.burnish.tensor.Device;
import dev.burnish.tensor.KeyedRandom;
import dev.burnish.tensor.Tensor;
import dev.burnish.tensor.TensorScope;
import dev.burnish.testing.TinyModels;
import dev.burnish.text.CharacterTokenizer;
import dev.burnish.text.Tokenizer;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class QueuedGeneratorTest {
  private static final Tokenizer TEXT = CharacterTokenizer.of("abcdefgh ");
  private static final SamplingParams PARAMS =
      SamplingParams.defaults().withN(3).withMaxTokens(20).withSeed(5);

  private final List<LanguageModel> models = IntStream.range(0, 3).mapToObj(i -> model(i)).toList();
  private final PublishedVersions published = new PublishedVersions();

  QueuedGeneratorTest() {
    for (int version = 0; version < models.size(); version++) {
      published.publish(version, models.get(version).decoder().weights());
      models.get(version).decoder().weights().publish(version);
    }
  }

  private static LanguageModel model(long seed) {
    return TinyModels.llama(TEXT.vocabularySize(), TEXT.endId().orElseThrow(), seed);
  }

  @AfterEach
  void nothingStaysOpen() {
    assertThat(published.numOpen()).as("open snapshots").isZero();
    models.forEach(LanguageModel::close);
    published.close();
  }

  private QueuedGenerator generator(Tokenizer tokenizer, EngineSettings limits) {
    return new QueuedGenerator(
        models.getFirst().spec(), PromptEncoder.of(tokenizer), Optional.empty(), published, limits);
  }

  private QueuedGenerator generator() {
    return generator(TEXT, EngineSettings.defaults());
  }

  /// The groups that a generator of that version alone makes.
  private Group alone(int version, Prompt prompt, SamplingParams params) {
    return new BatchGenerator(models.get(version), PromptEncoder.of(TEXT)).generate(prompt, params);
  }

  private static void assertSame(Group group, Group expected) {
    assertThat(group.prompt()).isEqualTo(expected.prompt());
    assertThat(group.size()).isEqualTo(expected.size());
    for (int i = 0; i < group.size(); i++) {
      Completion completion = group.completions().get(i);
      Completion other = expected.completions().get(i);
      assertThat(completion.tokens()).isEqualTo(other.tokens());
      assertThat(completion.logprobs()).isEqualTo(other.logprobs());
      assertThat(completion.versions()).isEqualTo(other.versions());
      assertThat(completion.text()).isEqualTo(other.text());
      assertThat(completion.finish()).isEqualTo(other.finish());
    }
  }

  /// Waits, without sleeping, until a thread waits.
  private static void awaitWaiting(Thread thread) {
    while (thread.getState() != Thread.State.WAITING) {
      assertThat(thread.isAlive()).isTrue();
      Thread.onSpinWait();
    }
  }

  /// The tokenizer, running an action in the generator's thread at every token that is checked for
  /// a stop text.
  private static Tokenizer hooked(Runnable action) {
    return (Tokenizer)
        Proxy.newProxyInstance(
            Tokenizer.class.getClassLoader(),
            new Class<?>[] {Tokenizer.class},
            (_, method, arguments) -> {
              if (method.getName().equals("isSpecial")) {
                action.run();
              }
              try {
                return method.invoke(TEXT, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }

  private static SamplingParams hookedParams() {
    return PARAMS.withStop(List.of("no such text"));
  }

  @Test
  void manyCallersGetWhatEachWouldGetAlone() {
    EngineSettings small = EngineSettings.defaults().withMaxSequences(16).withCacheBytes(1 << 20);
    try (QueuedGenerator generator = generator(TEXT, small);
        Scope scope = Scope.open()) {
      List<Subtask<Group>> calls = new ArrayList<>();
      for (int i = 0; i < 64; i++) {
        int caller = i;
        calls.add(
            scope.fork(
                "caller-" + i, () -> generator.generate(prompt(caller), PARAMS.withSeed(caller))));
      }
      scope.join();
      for (int i = 0; i < 64; i++) {
        assertSame(calls.get(i).result(), alone(2, prompt(i), PARAMS.withSeed(i)));
      }
      GeneratorActivity activity = generator.activity();
      assertThat(activity.tokens())
          .isEqualTo(
              calls.stream()
                  .flatMap(call -> call.result().completions().stream())
                  .mapToLong(c -> c.tokens().length)
                  .sum());
      assertThat(activity.seconds()).isPositive();
      assertThat(activity.longestGapSeconds()).isPositive();
      assertThat(generator.activity().tokens()).isZero();
    }
  }

  private static Prompt prompt(int index) {
    return Prompt.text("abc def gh".substring(0, 1 + index % 10));
  }

  @Test
  void aGroupThatExceedsTheLimitsIsMadeInParts() {
    SamplingParams many = PARAMS.withN(10);
    try (QueuedGenerator generator =
        generator(TEXT, EngineSettings.defaults().withMaxSequences(3).withCacheBytes(1 << 20))) {
      assertSame(generator.generate(Prompt.text("abc"), many), alone(2, Prompt.text("abc"), many));
    }
  }

  @Test
  void groupsOfOneCallAreThoseOfABatchGenerator() {
    List<Prompt> prompts = IntStream.range(0, 7).mapToObj(QueuedGeneratorTest::prompt).toList();
    try (QueuedGenerator generator = generator()) {
      List<Group> groups = generator.generateAll(prompts, PARAMS);
      List<Group> expected =
          new BatchGenerator(models.get(2), PromptEncoder.of(TEXT)).generateAll(prompts, PARAMS);
      for (int i = 0; i < prompts.size(); i++) {
        assertSame(groups.get(i), expected.get(i));
      }
      assertThat(generator.generateAll(List.of(), PARAMS)).isEmpty();
    }
  }

  @Test
  void callsGetExactlyTheVersionThatTheyAskForWhateverIsInUse() {
    try (QueuedGenerator generator = generator();
        Scope scope = Scope.open()) {
      assertThat(generator.version()).isEqualTo(2);
      for (int version : new int[] {0, 1, 0, 2, 2, 1}) {
        Group group = generator.generate(Prompt.text("abc"), PARAMS, VersionRange.exactly(version));
        assertSame(group, alone(version, Prompt.text("abc"), PARAMS));
        assertThat(generator.version()).isEqualTo(version);
      }
      List<Subtask<Group>> calls = new ArrayList<>();
      for (int i = 0; i < 24; i++) {
        int caller = i;
        calls.add(
            scope.fork(
                "caller-" + i,
                () ->
                    generator.generate(prompt(caller), PARAMS, VersionRange.exactly(caller % 3))));
      }
      scope.join();
      for (int i = 0; i < 24; i++) {
        assertSame(calls.get(i).result(), alone(i % 3, prompt(i), PARAMS));
      }
    }
  }

  @Test
  void aVersionThatIsMissingFailsItsCallersAloneAndTheWeightsInUseServeOn() {
    try (QueuedGenerator generator = generator()) {
      VersionRange missing = VersionRange.exactly(9);
      assertThatThrownBy(() -> generator.generate(Prompt.text("abc"), PARAMS, missing))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("asked=VersionRange[least=9, most=9] there=[0, 1, 2]");
      assertThatThrownBy(() -> generator.updateWeights(9))
          .isInstanceOf(IllegalArgumentException.class);
      assertThat(generator.version()).isEqualTo(2);
      assertSame(
          generator.generate(Prompt.text("abc"), PARAMS), alone(2, Prompt.text("abc"), PARAMS));
    }
  }

  @Test
  void weightsOfAnotherModelAreRefusedAndThoseInUseServeOn() {
    try (QueuedGenerator generator = generator();
        LanguageModel other = TinyModels.llama(TEXT.vocabularySize() + 1, 1, 1)) {
      published.publish(3, other.decoder().weights());
      assertThatThrownBy(() -> generator.updateWeights(3))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("weights must have the sizes of this model's parts: version=3");
      assertSame(
          generator.generate(Prompt.text("abc"), PARAMS, VersionRange.exactly(2)),
          alone(2, Prompt.text("abc"), PARAMS));
    }
  }

  @Test
  void anIdleGeneratorTakesOverWhatIsAnnounced() {
    try (QueuedGenerator generator = generator()) {
      assertThat(generator.updateWeights(1)).isEqualTo(1);
      assertThat(generator.updateWeights(1)).isEqualTo(1);
      assertSame(
          generator.generate(Prompt.text("abc"), PARAMS), alone(1, Prompt.text("abc"), PARAMS));
      assertThat(generator.updateWeights(0)).isZero();
      assertThat(generator.activity().weightSeconds()).isPositive();
    }
  }

  @Test
  void aFailingGroupLeavesTheOthersAlone() {
    try (QueuedGenerator generator = generator();
        Scope scope = Scope.open()) {
      List<Subtask<Group>> good = new ArrayList<>();
      List<Subtask<String>> bad = new ArrayList<>();
      for (int i = 0; i < 12; i++) {
        int caller = i;
        good.add(scope.fork("good-" + i, () -> generator.generate(prompt(caller), PARAMS)));
        bad.add(scope.fork("bad-" + i, () -> failure(generator, prompt(caller))));
      }
      scope.join();
      for (int i = 0; i < 12; i++) {
        assertSame(good.get(i).result(), alone(2, prompt(i), PARAMS));
        assertThat(bad.get(i).result()).isNotEmpty();
      }
    }
  }

  /// The message of a call that suppresses a token that does not exist, which only drawing finds.
  private static String failure(QueuedGenerator generator, Prompt prompt) {
    try {
      generator.generate(prompt, PARAMS.withSuppressed(List.of(1_000)));
      return "";
    } catch (RuntimeException e) {
      return String.valueOf(e.getMessage());
    }
  }

  @Test
  void refusesPromptsThatTheModelCannotContinue() {
    try (QueuedGenerator generator = generator()) {
      assertThatThrownBy(() -> generator.generate(Prompt.text(""), PARAMS))
          .hasMessageContaining("tokens=0");
      assertThatThrownBy(() -> generator.generate(Prompt.text("a".repeat(64)), PARAMS))
          .hasMessageContaining("max_position_embeddings=64");
      assertThatThrownBy(() -> generator.generate(Prompt.tokens(1, -1), PARAMS))
          .hasMessageContaining("the model's vocabulary: prompt=0 token=-1");
      assertThatThrownBy(() -> generator.generate(Prompt.tokens(1 << 20), PARAMS))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void weightsWithoutFiniteLogitsFailTheirCallersWithTheCause() {
    try (QueuedGenerator generator = generator();
        LanguageModel broken = model(9)) {
      broken.decoder().part("model.norm.weight").values().fill_(Double.NaN);
      published.publish(3, broken.decoder().weights());
      assertThatThrownBy(
              () -> generator.generate(Prompt.text("a"), PARAMS, VersionRange.exactly(3)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("the published weights hold NaN");
      assertSame(
          generator.generate(Prompt.text("a"), PARAMS, VersionRange.exactly(1)),
          alone(1, Prompt.text("a"), PARAMS));
    }
  }

  @Test
  void anInterruptedCallerLeavesAndTheOthersDoNotNotice() throws Exception {
    AtomicInteger tokens = new AtomicInteger();
    AtomicReference<Thread> leaving = new AtomicReference<>();
    CountDownLatch left = new CountDownLatch(1);
    Tokenizer hooked =
        hooked(() -> {
          if (tokens.incrementAndGet() == 4) {
            leaving.get().interrupt();
            awaitOpen(left);
          }
        });
    SamplingParams params = hookedParams();
    try (QueuedGenerator generator = generator(hooked, EngineSettings.defaults())) {
      AtomicReference<RuntimeException> thrown = new AtomicReference<>();
      Thread caller =
          Thread.ofPlatform()
              .unstarted(() -> {
                try {
                  generator.generate(Prompt.text("abc"), params.withN(50));
                } catch (RuntimeException e) {
                  assertThat(Thread.currentThread().isInterrupted()).isTrue();
                  thrown.set(e);
                  left.countDown();
                }
              });
      leaving.set(caller);
      caller.start();
      assertSame(generator.generate(Prompt.text("a"), params), alone(2, Prompt.text("a"), params));
      caller.join();
      assertThat(thrown.get()).isInstanceOf(CancellationException.class);
      generator.generate(Prompt.text("a"), params);
      // Of the 50 completions of up to 20 tokens hardly one was continued.
      assertThat(generator.activity().tokens()).isLessThan(50 * 3 + 6 * 20);
    }
  }

  private static void awaitOpen(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void aCallerWhoLeavesWhileHeWaitsIsNotServed() throws Exception {
    CountDownLatch opening = new CountDownLatch(1);
    CountDownLatch free = new CountDownLatch(1);
    try (QueuedGenerator generator = generator()) {
      published.beforeOpen(() -> {
        opening.countDown();
        awaitOpen(free);
      });
      Thread first =
          Thread.startVirtualThread(
              () -> generator.generate(Prompt.text("a"), PARAMS, VersionRange.exactly(0)));
      opening.await();
      AtomicReference<RuntimeException> thrown = new AtomicReference<>();
      Thread second =
          Thread.ofPlatform()
              .start(() -> {
                try {
                  generator.generate(Prompt.text("a"), PARAMS, VersionRange.exactly(0));
                } catch (RuntimeException e) {
                  thrown.set(e);
                }
              });
      awaitWaiting(second);
      second.interrupt();
      second.join();
      assertThat(thrown.get()).isInstanceOf(CancellationException.class);
      published.beforeOpen(() -> {});
      free.countDown();
      first.join();
      generator.generate(Prompt.text("b"), PARAMS.withMaxTokens(1));
      assertThat(generator.activity().tokens()).isLessThanOrEqualTo(3 * 20 + 3);
    }
  }

  @Test
  void closingFailsThoseWhoWait() throws Exception {
    CountDownLatch opening = new CountDownLatch(1);
    CountDownLatch free = new CountDownLatch(1);
    QueuedGenerator generator = generator();
    published.beforeOpen(() -> {
      opening.countDown();
      awaitOpen(free);
    });
    AtomicReference<RuntimeException> thrown = new AtomicReference<>();
    Thread first =
        Thread.startVirtualThread(() -> failing(generator, VersionRange.exactly(0), thrown));
    opening.await();
    AtomicReference<RuntimeException> alsoThrown = new AtomicReference<>();
    Thread second =
        Thread.ofPlatform().start(() -> failing(generator, VersionRange.ANY, alsoThrown));
    awaitWaiting(second);
    Thread closing = Thread.ofPlatform().start(generator::close);
    awaitWaiting(closing);
    free.countDown();
    closing.join();
    first.join();
    second.join();
    assertThat(thrown.get()).isInstanceOf(IllegalStateException.class);
    assertThat(alsoThrown.get())
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("was closed");
    assertThatThrownBy(() -> generator.generate(Prompt.text("a"), PARAMS))
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> generator.updateWeights(1)).isInstanceOf(IllegalStateException.class);
    generator.close();
  }

  private static void failing(
      QueuedGenerator generator, VersionRange range, AtomicReference<RuntimeException> thrown) {
    try {
      generator.generate(Prompt.text("a"), PARAMS, range);
    } catch (RuntimeException e) {
      thrown.set(e);
    }
  }

  /// At the sixth token an update to a version begins, and the generator continues once it is
  /// announced.
  private static final class UpdateAtSixth implements Runnable {
    final AtomicInteger tokens = new AtomicInteger();
    final AtomicReference<QueuedGenerator> generator = new AtomicReference<>();
    final AtomicReference<RuntimeException> failure = new AtomicReference<>();
    final long version;
    volatile long inUse = -1;
    volatile Thread updating = Thread.currentThread();

    UpdateAtSixth(long version) {
      this.version = version;
    }

    @Override
    public void run() {
      if (tokens.incrementAndGet() == 6) {
        updating = Thread.ofPlatform().start(this::update);
        awaitWaiting(updating);
      }
    }

    private void update() {
      try {
        inUse = generator.get().updateWeights(version);
      } catch (RuntimeException e) {
        failure.set(e);
      }
    }
  }

  @Test
  void aVersionThatIsAnnouncedIsSwappedInUnderRunningSequences() throws Exception {
    UpdateAtSixth update = new UpdateAtSixth(1);
    SamplingParams params = hookedParams().withN(1).withMaxTokens(30);
    SamplingParams endless = params.withSuppressed(List.of(TEXT.endId().orElseThrow()));
    try (QueuedGenerator generator = generator(hooked(update), EngineSettings.defaults())) {
      update.generator.set(generator);
      Completion completion =
          generator
              .generate(Prompt.text("abc"), endless, VersionRange.from(0))
              .completions()
              .getFirst();
      update.updating.join();
      assertThat(update.inUse).isEqualTo(1);
      // Four parts, one after each step.
      assertThat(completion.versions())
          .isEqualTo(TokenVersions.of(2, 9).concat(TokenVersions.of(1, 21)));
      assertSwapped(completion, endless);
      assertSame(
          generator.generate(Prompt.text("abc"), PARAMS), alone(1, Prompt.text("abc"), PARAMS));
      assertThat(generator.updateWeights(2)).isEqualTo(2);
      assertSame(
          generator.generate(Prompt.text("abc"), PARAMS), alone(2, Prompt.text("abc"), PARAMS));
    }
  }

  @Test
  void aTakeoverThatTheEndOfAllRequestsInterruptsIsFinished() throws Exception {
    UpdateAtSixth update = new UpdateAtSixth(1);
    SamplingParams endless =
        hookedParams()
            .withN(1)
            .withMaxTokens(8)
            .withSuppressed(List.of(TEXT.endId().orElseThrow()));
    try (QueuedGenerator generator = generator(hooked(update), EngineSettings.defaults())) {
      update.generator.set(generator);
      Completion completion =
          generator
              .generate(Prompt.text("abc"), endless, VersionRange.from(0))
              .completions()
              .getFirst();
      assertThat(completion.versions()).isEqualTo(TokenVersions.of(2, 8));
      update.updating.join();
      assertThat(update.inUse).isEqualTo(1);
      assertThat(generator.version()).isEqualTo(1);
      assertSame(
          generator.generate(Prompt.text("abc"), PARAMS), alone(1, Prompt.text("abc"), PARAMS));
    }
  }

  @Test
  void updatesWhileCallsComeAndGoAllReturn() {
    try (QueuedGenerator generator = generator();
        Scope scope = Scope.open()) {
      List<Subtask<Group>> calls = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        int caller = i;
        scope.fork(
            "updates-" + i,
            () -> {
              for (int j = 0; j < 20; j++) {
                generator.updateWeights((caller + j) % 3);
              }
            });
        calls.add(
            scope.fork(
                "caller-" + i,
                () -> {
                  Group last = generator.generate(prompt(caller), PARAMS);
                  for (int j = 0; j < 10; j++) {
                    VersionRange exactly = VersionRange.exactly((caller + j) % 3);
                    last = generator.generate(prompt(caller), PARAMS, exactly);
                  }
                  return last;
                }));
      }
      scope.join();
      for (int i = 0; i < 8; i++) {
        assertSame(calls.get(i).result(), alone((i + 9) % 3, prompt(i), PARAMS));
      }
    }
  }

  /// Step by step, with both models over one cache.
  private void assertSwapped(Completion completion, SamplingParams params) {
    int[] prompt = TEXT.encode("abc");
    int[] tokens = completion.tokens();
    List<ModelRunner> runners = models.stream().map(m -> new ModelRunner(m.decoder())).toList();
    Sampler sampler = new Sampler(new int[0], List.of());
    long key = KeyedRandom.bits(params.seed(), "prompt-0", 0);
    int slots = prompt.length + tokens.length;
    try (KeyValueCache cache =
        new KeyValueCache(models.getFirst().decoder().shape().blocks(), slots, Device.CPU)) {
      for (int i = 0; i < tokens.length; i++) {
        int[] fed = i == 0 ? prompt : new int[] {tokens[i - 1]};
        int before = i == 0 ? 0 : prompt.length + i - 1;
        int[] at = IntStream.range(before, before + fed.length).toArray();
        AttentionPlan.Node node =
            new AttentionPlan.Node(0, fed.length, new int[] {0}, new int[] {before + fed.length});
        AttentionPlan plan = new AttentionPlan(List.of(node), new int[1], AttentionPlan.NO_WINDOW);
        ModelRunner runner = runners.get(Math.toIntExact(completion.versions().at(i)));
        try (TensorScope _ = TensorScope.open()) {
          Tensor hidden = runner.forward(fed, at, plan, cache, at);
          Tensor logits = runner.logits(hidden, new int[] {fed.length - 1});
          FakeSequence sequence = new FakeSequence(params, prompt, Arrays.copyOf(tokens, i), key);
          Draw.Drawn draw = (Draw.Drawn) sampler.draw(logits, List.of(sequence)).getFirst();
          assertThat(draw.token()).as("token %d", i).isEqualTo(tokens[i]);
          assertThat(draw.logprob()).as("token %d", i).isEqualTo(completion.logprobs()[i]);
        }
      }
    }
  }

  @Test
  void anUpdateReturnsAtOnceWhileACallIsBoundToAnotherVersion() throws Exception {
    UpdateAtSixth update = new UpdateAtSixth(1);
    SamplingParams params = hookedParams();
    try (QueuedGenerator generator = generator(hooked(update), EngineSettings.defaults())) {
      update.generator.set(generator);
      assertSame(
          generator.generate(Prompt.text("abc"), params, VersionRange.exactly(2)),
          alone(2, Prompt.text("abc"), params));
      update.updating.join();
      assertThat(update.inUse).isIn(1L, 2L);
      assertSame(
          generator.generate(Prompt.text("abc"), PARAMS, VersionRange.ANY),
          alone(1, Prompt.text("abc"), PARAMS));
    }
  }

  @Test
  void weightsThatCannotBeLaidOutLeaveThoseInUseUnderTheSequences() throws Exception {
    UpdateAtSixth update = new UpdateAtSixth(3);
    SamplingParams params = hookedParams();
    List<Tensor> parts = new ArrayList<>();
    for (int part = 0; part < models.getFirst().decoder().weights().numParts(); part++) {
      Tensor values = models.getFirst().decoder().weights().part(part);
      boolean wrong = part == 2;
      parts.add(TensorScope.outside(() -> wrong ? values.to(DType.F64) : values.copy()));
    }
    published.publish(3, parts);
    published.publish(4, models.getFirst().decoder().weights());
    try (QueuedGenerator generator = generator(hooked(update), EngineSettings.defaults())) {
      update.generator.set(generator);
      Group group = generator.generate(Prompt.text("abc"), params, VersionRange.from(0));
      update.updating.join();
      assertThat(update.failure.get())
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("weights cannot be laid out: version=3");
      assertThat(group.completions())
          .allSatisfy(
              c -> assertThat(c.versions()).isEqualTo(TokenVersions.of(4, c.tokens().length)));
      assertSame(
          generator.generate(Prompt.text("abc"), PARAMS, VersionRange.exactly(1)),
          alone(1, Prompt.text("abc"), PARAMS));
    }
  }

  @Test
  void anAdaptedPolicyTakesItsBaseOnceAndVersionsOfTheAdaptation() throws Exception {
    LoraConfig lora = LoraConfig.defaults().withRank(2);
    try (LanguageModel adapted = model(0).adapt(lora, 1);
        PublishedVersions base = new PublishedVersions();
        PublishedVersions adaptations = new PublishedVersions()) {
      base.publish(0, adapted.decoder().weights());
      for (int version = 0; version < 3; version++) {
        for (int part = 0; part < adapted.decoder().trainedWeights().numParts(); part++) {
          adapted.decoder().trainedWeights().part(part).fill_(0.05 * (version + 1));
        }
        adaptations.publish(version, adapted.decoder().trainedWeights());
      }
      try (QueuedGenerator generator =
          new QueuedGenerator(
              adapted.spec(),
              PromptEncoder.of(TEXT),
              Optional.of(base),
              adaptations,
              EngineSettings.defaults())) {
        BatchGenerator alone = new BatchGenerator(adapted, PromptEncoder.of(TEXT));
        for (int version : new int[] {2, 0, 1, 2}) {
          for (int part = 0; part < adapted.decoder().trainedWeights().numParts(); part++) {
            adapted.decoder().trainedWeights().part(part).fill_(0.05 * (version + 1));
          }
          adapted.decoder().trainedWeights().publish(version);
          Group group =
              generator.generate(Prompt.text("abc"), PARAMS, VersionRange.exactly(version));
          assertSame(group, alone.generate(Prompt.text("abc"), PARAMS));
        }
      }
      assertThat(base.numOpen() + adaptations.numOpen()).isZero();
    }
  }

  @Test
  void anAdaptedPolicyNeedsItsBase() {
    try (LanguageModel adapted = model(0).adapt(LoraConfig.defaults().withRank(2), 1)) {
      assertThatThrownBy(() ->
              new QueuedGenerator(
                  adapted.spec(),
                  PromptEncoder.of(TEXT),
                  Optional.empty(),
                  published,
                  EngineSettings.defaults()))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("source of base weights");
    }
  }

  private static SamplingParams endless(SamplingParams params) {
    return params.withSuppressed(List.of(TEXT.endId().orElseThrow()));
  }

  @Test
  void runningSequencesAreComputedAgainByNewWeightsWhereThatIsWanted() throws Exception {
    UpdateAtSixth update = new UpdateAtSixth(1);
    SamplingParams params = endless(hookedParams().withN(1).withMaxTokens(30));
    EngineSettings settings = EngineSettings.defaults().withUpdate(WeightUpdate.RECOMPUTE);
    try (QueuedGenerator generator = generator(hooked(update), settings)) {
      update.generator.set(generator);
      Group group = generator.generate(Prompt.text("abc"), params, VersionRange.from(0));
      update.updating.join();
      Completion completion = group.completions().getFirst();
      assertThat(completion.versions())
          .isEqualTo(TokenVersions.of(2, 9).concat(TokenVersions.of(1, 21)));
      // What follows the change is what the new weights alone make of the tokens before it.
      Completion old =
          new Completion(
              Arrays.copyOf(completion.tokens(), 9),
              Arrays.copyOf(completion.logprobs(), 9),
              completion.versions().slice(0, 9),
              "",
              FinishReason.ABORTED);
      Request again = Request.of(group.prompt(), params).withVersions(VersionRange.exactly(1));
      Group continued =
          generator.submit(again.continuing(List.of(old)), RequestListener.NONE).await();
      assertSame(continued, group);
    }
  }

  @Test
  void runningSequencesAreFinishedByOldWeightsWhereThatIsWanted() throws Exception {
    UpdateAtSixth update = new UpdateAtSixth(1);
    SamplingParams params = endless(hookedParams().withMaxTokens(30));
    EngineSettings settings =
        EngineSettings.defaults().withMaxSequences(2).withUpdate(WeightUpdate.FINISH);
    AtomicReference<Thread> second = new AtomicReference<>(Thread.currentThread());
    AtomicReference<Group> made = new AtomicReference<>();
    AtomicInteger tokens = new AtomicInteger();
    Tokenizer hooked =
        hooked(() -> {
          update.run();
          if (tokens.incrementAndGet() == 10) {
            second.set(
                Thread.ofPlatform()
                    .start(() -> {
                      made.set(update.generator.get().generate(Prompt.text("b"), params));
                    }));
            awaitWaiting(second.get());
          }
        });
    try (QueuedGenerator generator = generator(hooked, settings)) {
      update.generator.set(generator);
      Group group = generator.generate(Prompt.text("abc"), params, VersionRange.from(0));
      update.updating.join();
      assertThat(update.inUse).isEqualTo(1);
      assertSame(group, alone(2, Prompt.text("abc"), params));
      second.get().join();
      assertSame(made.get(), alone(1, Prompt.text("b"), params));
    }
  }

  @Test
  void runningSequencesAreAbortedForNewWeightsWhereThatIsWanted() throws Exception {
    UpdateAtSixth update = new UpdateAtSixth(1);
    SamplingParams params = endless(hookedParams().withN(1).withMaxTokens(30));
    EngineSettings settings = EngineSettings.defaults().withUpdate(WeightUpdate.ABORT);
    try (QueuedGenerator generator = generator(hooked(update), settings)) {
      update.generator.set(generator);
      Completion completion =
          generator.generate(Prompt.text("abc"), params).completions().getFirst();
      update.updating.join();
      assertThat(update.inUse).isEqualTo(1);
      assertThat(completion.finish()).isEqualTo(FinishReason.ABORTED);
      assertThat(completion.versions()).isEqualTo(TokenVersions.of(2, 6));
      assertThat(generator.stats().totals().aborted()).isEqualTo(1);
    }
  }

  @Test
  void aTicketGivesWhatThereIsWhenItIsAborted() throws Exception {
    CountDownLatch third = new CountDownLatch(3);
    SamplingParams params = endless(PARAMS.withN(1).withMaxTokens(60));
    AtomicReference<Ticket> ticket = new AtomicReference<>();
    CountDownLatch submitted = new CountDownLatch(1);
    try (QueuedGenerator generator = generator()) {
      RequestListener listener =
          _ -> {
            awaitOpen(submitted);
            third.countDown();
            if (third.getCount() == 0) {
              ticket.get().requestAbort();
            }
          };
      ticket.set(generator.submit(Request.of(TEXT.encode("abc"), params), listener));
      submitted.countDown();
      Completion completion = ticket.get().await().completions().getFirst();
      assertThat(completion.finish()).isEqualTo(FinishReason.ABORTED);
      assertThat(completion.tokens()).hasSize(3);
      assertThat(ticket.get().isDone()).isTrue();
      assertSame(ticket.get().abort(), ticket.get().await());
      assertThat(generator.stats().load().usedTokens()).isZero();
    }
  }

  @Test
  void moreThanMayWaitIsRefusedAtOnce() throws Exception {
    CountDownLatch opening = new CountDownLatch(1);
    CountDownLatch free = new CountDownLatch(1);
    EngineSettings settings = EngineSettings.defaults().withMaxWaiting(4);
    try (QueuedGenerator generator = generator(TEXT, settings)) {
      published.beforeOpen(() -> {
        opening.countDown();
        awaitOpen(free);
      });
      Request blocking = Request.of(TEXT.encode("a"), PARAMS).withVersions(VersionRange.exactly(0));
      Ticket first = generator.submit(blocking, RequestListener.NONE);
      opening.await();
      Request one = Request.of(TEXT.encode("b"), PARAMS.withN(1));
      Ticket second = generator.submit(one, RequestListener.NONE);
      assertThat(generator.stats().load().waiting()).isEqualTo(4);
      assertThatThrownBy(() -> generator.submit(one, RequestListener.NONE))
          .isInstanceOf(Overloaded.class)
          .hasMessageContaining("maxWaiting=4: waiting=4 more=1");
      free.countDown();
      assertThat(first.await().size()).isEqualTo(3);
      assertThat(second.await().size()).isEqualTo(1);
      assertThat(generator.submit(one, RequestListener.NONE).await().size()).isEqualTo(1);
      assertThat(generator.generateAll(List.of(Prompt.text("a"), Prompt.text("b")), PARAMS))
          .as("a call that finds nothing that waits")
          .hasSize(2);
    }
  }

  @Test
  void anEvaluationComesBeforeSamplesToTrainOnThatWait() throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch free = new CountDownLatch(1);
    List<Integer> prompts = new CopyOnWriteArrayList<>();
    Extensions extensions =
        Extensions.none()
            .withObserver(report -> {
              if (report.rows() > 1) {
                prompts.add(report.rows());
              }
              begun.countDown();
              awaitOpen(free);
            });
    EngineSettings settings =
        EngineSettings.defaults().withMaxSequences(1).withDrafting(EngineSettings.Drafting.NONE);
    SamplingParams params = PARAMS.withN(1).withMaxTokens(3);
    Problem problem = new Problem("abc", "", 0);
    try (QueuedGenerator generator =
            QueuedGenerator.over(models.get(1), PromptEncoder.of(TEXT), settings, extensions);
        Scope scope = Scope.open()) {
      scope.fork("running", () -> generator.generate(Prompt.text("a"), params));
      begun.await();
      scope.fork("training", () -> generator.generate(Prompt.text("bcdef"), params));
      untilWaiting(generator, 1);
      scope.fork(
          "evaluation", () -> Evaluation.greedy(generator, List.of(problem), Reward.exact(), 3));
      untilWaiting(generator, 2);
      free.countDown();
      scope.join();
      // In the order of the engine's steps: the prompt of three tokens, then that of five.
      assertThat(prompts).containsExactly(3, 5);
    }
  }

  private static void untilWaiting(QueuedGenerator generator, int samples) {
    while (generator.stats().load().waiting() < samples) {
      assertThat(Thread.currentThread().isInterrupted()).isFalse();
      Thread.onSpinWait();
    }
  }

  @Test
  void aModelWhoseWeightsStayIsServedWithoutASource() {
    LanguageModel model = models.get(1);
    try (QueuedGenerator generator =
        QueuedGenerator.over(model, PromptEncoder.of(TEXT), EngineSettings.defaults())) {
      Group group = generator.generate(Prompt.text("abc"), PARAMS);
      Group expected = alone(1, Prompt.text("abc"), PARAMS);
      assertThat(group.completions().getFirst().tokens())
          .isEqualTo(expected.completions().getFirst().tokens());
      assertThat(generator.stats().load().cacheTokens()).isPositive();
    }
  }
}
