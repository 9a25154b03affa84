package dev.burnish.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.kernel.WeightFormat;
import dev.burnish.model.LanguageModel;
import dev.burnish.nn.Canary;
import dev.burnish.nn.LoraConfig;
import dev.burnish.nn.PackedPart;
import dev.burnish.nn.Weights;
import dev.burnish.rollout.Completion;
import dev.burnish.rollout.Prompt;
import dev.burnish.rollout.SamplingParams;
import dev.burnish.rollout.VersionRange;
import dev.burnish.testing.TinyModels;
import dev.burnish.text.CharacterTokenizer;
import dev.burnish.text.Tokenizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Versions that compute something else here than where they were published, although their bytes
/// arrived.
class CanaryTest {
  private static final Tokenizer TEXT = CharacterTokenizer.of("abcdefgh ");
  private static final SamplingParams PARAMS =
      SamplingParams.defaults().withN(2).withMaxTokens(12).withSeed(5);
  private static final Prompt PROMPT = Prompt.text("abc");

  private final List<LanguageModel> models = IntStream.range(0, 4).mapToObj(i -> model(i)).toList();
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

  private Weights weights(int version) {
    Weights weights = models.get(version).decoder().weights();
    weights.publish(version);
    return weights;
  }

  private void publish(int version, UnaryOperator<PackedPart> form) {
    List<PackedPart> parts = models.get(version).spec().packedParts().stream().map(form).toList();
    published.publish(version, weights(version), parts);
    published.expect(version, Canary.of(models.get(version).decoder()));
  }

  private void publishPlain(int version) {
    published.publish(version, weights(version));
    published.expect(version, Canary.of(models.get(version).decoder()));
  }

  private QueuedGenerator generator() {
    return new QueuedGenerator(
        models.getFirst().spec(),
        PromptEncoder.of(TEXT),
        Optional.empty(),
        published,
        EngineSettings.defaults());
  }

  private void requireGenerates(QueuedGenerator generator, int version) {
    List<Completion> expected =
        new BatchGenerator(models.get(version), PromptEncoder.of(TEXT))
            .generate(PROMPT, PARAMS)
            .completions();
    List<Completion> actual =
        generator.generate(PROMPT, PARAMS, VersionRange.exactly(version)).completions();
    for (int i = 0; i < expected.size(); i++) {
      assertThat(actual.get(i).logprobs()).isEqualTo(expected.get(i).logprobs());
    }
  }

  private static void assertRefused(QueuedGenerator generator, int version, String rest) {
    assertThatThrownBy(() -> generator.updateWeights(version))
        .isInstanceOf(RuntimeException.class)
        .hasMessageContaining("weights must compute here what their publisher computed: version=3")
        .hasMessageContaining("published=")
        .hasMessageContaining(rest);
  }

  @Test
  void versionsInEveryFormHaveTheBitsThatTheirPublisherComputed() {
    publish(0, part -> part);
    publish(1, part -> part.as(WeightFormat.F32, 6));
    publishPlain(2);
    try (QueuedGenerator generator = generator()) {
      for (int version : new int[] {2, 0, 1, 2, 1, 0}) {
        requireGenerates(generator, version);
      }
    }
  }

  /// One value of each part: nothing but the canary sees it here.
  @Test
  void aDamagedVersionIsRefusedAndTheOneInUseStays() {
    publish(0, part -> part);
    try (QueuedGenerator generator = generator()) {
      for (int part = 0; part < models.getFirst().decoder().weights().numParts(); part++) {
        publish(3, each -> each);
        published.damage(3, part, 0);
        assertRefused(generator, 3, "version=0 stays in use");
        assertThatThrownBy(() -> generator.generate(PROMPT, PARAMS, VersionRange.exactly(3)))
            .hasMessageContaining("version=0 stays in use");
        assertThat(generator.version()).isZero();
        assertThat(published.numOpen()).isEqualTo(1);
        requireGenerates(generator, 0);
      }
      publish(3, each -> each);
      assertThat(generator.updateWeights(3)).isEqualTo(3);
      requireGenerates(generator, 3);
    }
  }

  @Test
  void theWeightsOfAnotherVersionAreRefused() {
    publish(0, part -> part);
    try (QueuedGenerator generator = generator()) {
      for (boolean plain : new boolean[] {false, true}) {
        if (plain) {
          publishPlain(3);
        } else {
          publish(3, part -> part);
        }
        published.expect(3, Canary.of(models.get(2).decoder()));
        assertThatThrownBy(() -> generator.generate(PROMPT, PARAMS, VersionRange.exactly(3)))
            .hasMessageContaining("version=3 position=1 logprob=")
            .hasMessageContaining(plain ? "no version is in use" : "version=0 stays in use");
        requireGenerates(generator, 0);
      }
    }
  }

  /// Such a version is laid out beside the one in use, part by part.
  @Test
  void aVersionThatIsLaidOutUnderRunningSequencesIsRefusedBeforeItIsUsed() throws Exception {
    publishPlain(0);
    SamplingParams endless =
        PARAMS.withN(1).withMaxTokens(200).withSuppressed(List.of(TEXT.endId().orElseThrow()));
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch refused = new CountDownLatch(1);
    try (QueuedGenerator generator = generator()) {
      Request request = Request.of(TEXT.encode("abc"), endless).withVersions(VersionRange.from(0));
      Ticket ticket = generator.submit(request, _ -> begun.countDown());
      begun.await();
      publishPlain(3);
      published.expect(3, Canary.of(models.get(2).decoder()));
      List<Thread> updating = new ArrayList<>();
      updating.add(
          Thread.ofPlatform()
              .start(() -> {
                assertRefused(generator, 3, "version=0 stays in use");
                refused.countDown();
              }));
      for (Thread update : updating) {
        update.join();
      }
      assertThat(refused.getCount()).isZero();
      Completion completion = ticket.await().completions().getFirst();
      for (int i = 0; i < completion.tokens().length; i++) {
        assertThat(completion.versions().at(i)).isZero();
      }
      requireGenerates(generator, 0);
    }
  }

  @Test
  void anAdaptationIsComparedOverItsBase() {
    LoraConfig lora = LoraConfig.defaults().withRank(2);
    try (LanguageModel adapted = model(0).adapt(lora, 1);
        PublishedVersions base = new PublishedVersions();
        PublishedVersions adaptations = new PublishedVersions()) {
      base.publish(0, adapted.decoder().weights(), adapted.spec().packedParts());
      Weights trained = adapted.decoder().trainedWeights();
      for (int version = 1; version <= 2; version++) {
        trained.part(1).fill_(0.05 * version);
        trained.publish(version);
        adaptations.publish(version, trained, adapted.spec().trainedParts());
        adaptations.expect(version, Canary.of(adapted.decoder()));
      }
      try (QueuedGenerator generator =
          new QueuedGenerator(
              adapted.spec(),
              PromptEncoder.of(TEXT),
              Optional.of(base),
              adaptations,
              EngineSettings.defaults())) {
        assertThat(generator.updateWeights(1)).isEqualTo(1);
        adaptations.publish(3, trained, adapted.spec().trainedParts());
        trained.part(1).fill_(0.06);
        adaptations.expect(3, Canary.of(adapted.decoder()));
        assertRefused(generator, 3, "version=1 stays in use");
        assertThat(generator.version()).isEqualTo(1);
      }
    }
  }

  @Test
  void aGeneratorDoesNotStartOverADamagedVersion() {
    publish(3, part -> part);
    published.damage(3, 1, 0);
    assertThatThrownBy(this::generator)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("version=3")
        .hasMessageContaining("no version is in use");
  }
}
