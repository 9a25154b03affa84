package dev.burnish.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.kernel.WeightFormat;
import dev.burnish.model.LanguageModel;
import dev.burnish.nn.LoraConfig;
import dev.burnish.nn.PackedPart;
import dev.burnish.rollout.Completion;
import dev.burnish.rollout.Group;
import dev.burnish.rollout.Prompt;
import dev.burnish.rollout.SamplingParams;
import dev.burnish.rollout.VersionRange;
import dev.burnish.testing.TinyModels;
import dev.burnish.text.CharacterTokenizer;
import dev.burnish.text.Tokenizer;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// A generator that reads versions where they were packed, and the memory that it holds.
class InPlaceWeightsTest {
  private static final Tokenizer TEXT = CharacterTokenizer.of("abcdefgh ");
  private static final SamplingParams PARAMS =
      SamplingParams.defaults().withN(3).withMaxTokens(20).withSeed(5);
  private static final Prompt PROMPT = Prompt.text("abc");

  private final List<LanguageModel> models = IntStream.range(0, 3).mapToObj(i -> model(i)).toList();
  private final PublishedVersions published = new PublishedVersions();

  private static LanguageModel model(long seed) {
    return TinyModels.llama(TEXT.vocabularySize(), TEXT.endId().orElseThrow(), seed);
  }

  @AfterEach
  void nothingStaysOpen() {
    assertThat(published.numOpen()).as("open snapshots").isZero();
    models.forEach(LanguageModel::close);
    published.close();
  }

  private void publish(UnaryOperator<PackedPart> form) {
    for (int version = 0; version < models.size(); version++) {
      LanguageModel model = models.get(version);
      List<PackedPart> parts = model.spec().packedParts().stream().map(form).toList();
      published.publish(version, model.decoder().weights(), parts);
      model.decoder().weights().publish(version);
    }
  }

  private QueuedGenerator generator() {
    return new QueuedGenerator(
        models.getFirst().spec(),
        PromptEncoder.of(TEXT),
        Optional.empty(),
        published,
        EngineSettings.defaults());
  }

  private Group alone(int version) {
    return new BatchGenerator(models.get(version), PromptEncoder.of(TEXT)).generate(PROMPT, PARAMS);
  }

  private static void assertSame(Group group, Group expected) {
    for (int i = 0; i < group.size(); i++) {
      Completion completion = group.completions().get(i);
      Completion other = expected.completions().get(i);
      assertThat(completion.tokens()).isEqualTo(other.tokens());
      assertThat(completion.logprobs()).isEqualTo(other.logprobs());
      assertThat(completion.versions()).isEqualTo(other.versions());
    }
  }

  @Test
  void completionsHaveTheBitsOfAGeneratorThatPacksForItself() {
    publish(part -> part);
    try (QueuedGenerator generator = generator()) {
      assertThat(generator.beginning())
          .matches("cache of \\d+ tokens in blocks of 16; weights read in place, .*");
      for (int version : new int[] {2, 0, 1, 2, 2}) {
        assertSame(
            generator.generate(PROMPT, PARAMS, VersionRange.exactly(version)), alone(version));
        assertThat(published.numOpen()).as("versions that are held").isEqualTo(1);
      }
      assertThat(generator.updateWeights(1)).isEqualTo(1);
      assertThat(published.numOpen()).isEqualTo(1);
      assertSame(generator.generate(PROMPT, PARAMS, VersionRange.from(0)), alone(1));
    }
  }

  @Test
  void aVersionForOtherRegistersIsPackedHereAndTheLogSaysSoOnce() {
    publish(part -> part.as(WeightFormat.F32, 6));
    try (Warnings warnings = new Warnings();
        QueuedGenerator generator = generator()) {
      assertThat(generator.beginning())
          .endsWith("weights packed in memory of this process, in F32");
      for (int version : new int[] {2, 0, 1}) {
        assertSame(
            generator.generate(PROMPT, PARAMS, VersionRange.exactly(version)), alone(version));
        assertThat(published.numOpen()).as("versions that are held").isZero();
      }
      assertThat(warnings.count.get()).isEqualTo(1);
      assertThat(warnings.last.get()).contains("packed here again").contains("{0}, panels of {1}");
    }
  }

  @Test
  void versionsInEitherFormTakeTurns() {
    publish(part -> part);
    published.publish(1, models.get(1).decoder().weights());
    try (QueuedGenerator generator = generator()) {
      for (int version : new int[] {2, 1, 0, 1, 2}) {
        assertSame(
            generator.generate(PROMPT, PARAMS, VersionRange.exactly(version)), alone(version));
        assertThat(published.numOpen()).isEqualTo(version == 1 ? 0 : 1);
      }
    }
  }

  @Test
  void aVersionThatIsRefusedLeavesTheOneInUseWhereItIs() {
    publish(part -> part);
    try (LanguageModel other = TinyModels.llama(TEXT.vocabularySize() + 5, 1, 4);
        QueuedGenerator generator = generator()) {
      published.publish(3, other.decoder().weights(), other.spec().packedParts());
      assertThatThrownBy(() -> generator.updateWeights(3))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("weights must have the sizes of this model's parts: version=3");
      assertThat(generator.version()).isEqualTo(2);
      assertThat(published.numOpen()).isEqualTo(1);
      assertSame(generator.generate(PROMPT, PARAMS, VersionRange.exactly(2)), alone(2));
    }
  }

  /// All tokens after the one at which the version was announced are of it: there is nothing to lay
  /// out.
  @Test
  void aVersionIsSwappedInUnderRunningSequencesBetweenTwoSteps() throws Exception {
    publish(part -> part);
    AtomicInteger tokens = new AtomicInteger();
    AtomicReference<Thread> updating = new AtomicReference<>(Thread.currentThread());
    SamplingParams endless =
        PARAMS.withN(1).withMaxTokens(30).withSuppressed(List.of(TEXT.endId().orElseThrow()));
    try (QueuedGenerator generator = generator()) {
      RequestListener announcing =
          _ -> {
            if (tokens.incrementAndGet() == 6) {
              Thread update = Thread.ofPlatform().start(() -> generator.updateWeights(1));
              updating.set(update);
              while (update.getState() != Thread.State.WAITING && update.isAlive()) {
                Thread.onSpinWait();
              }
            }
          };
      Request request = Request.of(TEXT.encode("abc"), endless).withVersions(VersionRange.from(0));
      Completion completion =
          generator.submit(request, announcing).await().completions().getFirst();
      updating.get().join();
      int swapped = 0;
      while (completion.versions().at(swapped) == 2) {
        swapped++;
      }
      assertThat(swapped).isBetween(6, 8);
      assertThat(completion.versions().at(29)).isEqualTo(1);
      assertThat(published.numOpen()).isEqualTo(1);
    }
  }

  @Test
  void anAdaptedPolicyReadsItsBaseInPlaceAsLongAsItIsOpen() {
    LoraConfig lora = LoraConfig.defaults().withRank(2);
    try (LanguageModel adapted = model(0).adapt(lora, 1);
        PublishedVersions base = new PublishedVersions();
        PublishedVersions adaptations = new PublishedVersions()) {
      base.publish(0, adapted.decoder().weights(), adapted.spec().packedParts());
      adapted.decoder().trainedWeights().part(1).fill_(0.05);
      adapted.decoder().trainedWeights().publish(1);
      adaptations.publish(1, adapted.decoder().trainedWeights(), adapted.spec().trainedParts());
      try (QueuedGenerator generator =
          new QueuedGenerator(
              adapted.spec(),
              PromptEncoder.of(TEXT),
              Optional.of(base),
              adaptations,
              EngineSettings.defaults())) {
        assertSame(
            generator.generate(PROMPT, PARAMS),
            new BatchGenerator(adapted, PromptEncoder.of(TEXT)).generate(PROMPT, PARAMS));
        assertThat(base.numOpen()).isEqualTo(1);
        assertThat(adaptations.numOpen()).isZero();
      }
      assertThat(base.numOpen()).isZero();
    }
  }

  /// The warnings of the change of weights.
  private static final class Warnings extends Handler implements AutoCloseable {
    private final Logger logger = Logger.getLogger(WeightSwitch.class.getName());
    private final AtomicInteger count = new AtomicInteger();
    private final AtomicReference<String> last = new AtomicReference<>("");

    Warnings() {
      logger.addHandler(this);
    }

    @Override
    public void publish(LogRecord warning) {
      count.incrementAndGet();
      last.set(warning.getMessage());
    }

    @Override
    public void flush() {}

    @Override
    public void close() {
      logger.removeHandler(this);
    }
  }
}
