package dev.burnish.learn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.burnish.algorithm.SurrogateLoss;
import dev.burnish.model.LanguageModel;
import dev.burnish.nn.Pass;
import dev.burnish.nn.Targets;
import dev.burnish.nn.TokenForest;
import dev.burnish.rollout.Branch;
import dev.burnish.rollout.Completion;
import dev.burnish.rollout.Episode;
import dev.burnish.rollout.FinishReason;
import dev.burnish.rollout.Problem;
import dev.burnish.rollout.ScoredGroup;
import dev.burnish.rollout.Segment;
import dev.burnish.rollout.Segment.Given;
import dev.burnish.rollout.Segment.Sampled;
import dev.burnish.rollout.Segment.Source;
import dev.burnish.rollout.TokenVersions;
import dev.burnish.testing.TinyModels;
import dev.burnish.train.LocalTrainer;
import dev.burnish.train.OptimizerConfig;
import dev.burnish.train.PackedTokens;
import dev.burnish.train.StepReport;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// Episodes of several turns: the text of a tool or the environment is context, and only the tokens
/// that the policy sampled are learned.
class EpisodeSegmentsTest {
  private static final int VOCABULARY = 12;
  private static final int[] PROMPT = {2, 3, 4};
  private static final int[] FIRST = {5, 6};
  private static final int[] TOOL = {7, 8, 9};
  private static final int[] SECOND = {10, 3, 1};
  private static final int[] ALL = {2, 3, 4, 5, 6, 7, 8, 9, 10, 3, 1};
  private static final int[] SAMPLED_AT = {3, 4, 8, 9, 10};
  private static final double[] ADVANTAGES = {0.5, 0.5, -1.25, -1.25, -1.25};

  private static LanguageModel model() {
    return TinyModels.llama(VOCABULARY, 1, 3);
  }

  /// The whole sequence as one node, with targets at the given positions.
  private static PackedTokens packed(int[] sequence, int... positions) {
    TokenForest forest = new TokenForest();
    int node = forest.add(TokenForest.ROOT, sequence);
    Targets targets = new Targets();
    for (int position : positions) {
      targets.add(forest.predictor(node, position), sequence[position]);
    }
    return new PackedTokens(forest, targets, List.of("whole"));
  }

  private static float[] logprobs(LanguageModel model, int[] sequence, int... positions) {
    PackedTokens packed = packed(sequence, positions);
    try (Pass pass = model.decoder().evaluate(packed.forest())) {
      return pass.logprobs(packed.targets(), 1).logprobs();
    }
  }

  private static Completion completion(int[] tokens, float[] logprobs) {
    return new Completion(
        tokens, logprobs, TokenVersions.of(0, tokens.length), "", FinishReason.STOP);
  }

  private static Episode twoTurns(LanguageModel model) {
    return Episode.of(
        List.of(
            new Given(Source.PROMPT, PROMPT),
            Sampled.of(completion(FIRST, logprobs(model, ALL, 3, 4)), 0.5),
            new Given(Source.TOOL, TOOL),
            Sampled.of(completion(SECOND, logprobs(model, ALL, 8, 9, 10)), -1.25)),
        1);
  }

  private static ScoredGroup group(Episode... episodes) {
    return new ScoredGroup(new Problem("", "", 0), List.of(episodes));
  }

  private static LocalTrainer trainer(LanguageModel model) {
    return new LocalTrainer(model.decoder(), OptimizerConfig.defaults().withLr(1e-2), 1);
  }

  private static List<Float> weights(LanguageModel model) {
    List<Float> result = new ArrayList<>();
    model
        .decoder()
        .parts()
        .forEach(part -> {
          for (float value : part.values().toFloatArray()) {
            result.add(value);
          }
        });
    return result;
  }

  /// On policy the gradient of the mean over tokens is that of `-advantage * logprob / tokens`.
  private static StepReport stepByHand(LocalTrainer trainer, int... positions) {
    return stepByHand(trainer, packed(ALL, positions));
  }

  private static StepReport stepByHand(LocalTrainer trainer, PackedTokens packed) {
    return trainer.step(
        List.of(packed),
        chunk -> {
          for (int i = chunk.from(); i < chunk.to(); i++) {
            chunk.dLogprobs()[i] = (float) (-ADVANTAGES[i] / ADVANTAGES.length);
          }
          return 0;
        });
  }

  @Test
  void onlyWhatThePolicySampledIsATarget() {
    try (LanguageModel model = model()) {
      EpisodeBatch batch = EpisodeBatch.of(List.of(group(twoTurns(model))), 100);
      Targets targets = batch.micros().getFirst().targets();
      assertThat(targets.ids()).containsExactly(5, 6, 10, 3, 1);
      assertThat(batch.micros().getFirst().forest().tokens())
          .containsExactly(2, 3, 4, 5, 6, 7, 8, 9, 10, 3);
      assertThat(targets.rows())
          .containsExactly(IntStream.of(SAMPLED_AT).map(position -> position - 1).toArray());
      assertThat(batch.tokens().getFirst().advantages()).containsExactly(ADVANTAGES);
    }
  }

  @Test
  void twoTurnsWithAToolLearnAsTheSameSequenceMaskedByHand() {
    try (LanguageModel segments = model();
        LanguageModel byHand = model();
        LocalTrainer trainer = trainer(segments);
        LocalTrainer other = trainer(byHand)) {
      List<Float> before = weights(segments);
      PolicyReport report =
          new PolicyLearner(trainer, SurrogateLoss.dapo()).step(List.of(group(twoTurns(segments))));
      StepReport expected = stepByHand(other, SAMPLED_AT);
      assertThat(report.step().targets()).isEqualTo(5);
      assertThat(report.responseLength()).isEqualTo(5);
      assertThat(report.loss().ratioMax()).isCloseTo(1, within(1e-5));
      assertThat(report.step().gradientNorm())
          .isCloseTo(expected.gradientNorm(), within(1e-5 * expected.gradientNorm()));
      List<Float> learned = weights(segments);
      List<Float> wanted = weights(byHand);
      assertThat(learned).isNotEqualTo(before);
      for (int i = 0; i < learned.size(); i++) {
        assertThat(learned.get(i)).isCloseTo(wanted.get(i), within(1e-4f));
      }
    }
  }

  @Test
  void whatTheToolSaysChangesTheGradientOnlyAsContext() {
    try (LanguageModel model = model();
        LanguageModel byHand = model();
        LocalTrainer trainer = trainer(model);
        LocalTrainer other = trainer(byHand)) {
      // With a target at the tool's first token the gradient is another one.
      double norm =
          new PolicyLearner(trainer, SurrogateLoss.dapo())
              .step(List.of(group(twoTurns(model))))
              .step()
              .gradientNorm();
      double shifted = stepByHand(other, 3, 5, 8, 9, 10).gradientNorm();
      assertThat(Math.abs(shifted - norm)).isGreaterThan(1e-3 * norm);
    }
  }

  @Test
  void aMaskedPartOfACompletionIsContextToo() {
    Completion said = completion(FIRST, new float[] {-1, -2});
    Episode episode =
        Episode.of(
            List.of(
                new Given(Source.PROMPT, PROMPT),
                new Sampled(said, new double[] {3, 4}, new boolean[] {false, true}),
                Sampled.of(completion(SECOND, new float[] {-3, -4, -5}), 6),
                new Given(Source.ENVIRONMENT, TOOL)),
            0);
    EpisodeTokens tokens = EpisodeTokens.of(episode);
    assertThat(tokens.inputs()).containsExactly(new int[] {2, 3, 4, 5, 6, 10, 3});
    assertThat(tokens.targets()).containsExactly(6, 10, 3, 1);
    assertThat(tokens.positions()).containsExactly(4, 5, 6, 7);
    assertThat(tokens.logprobs()).containsExactly(-2, -3, -4, -5);
    assertThat(tokens.advantages()).containsExactly(4, 6, 6, 6);
    assertThat(episode.advantage()).isEqualTo(4);
    assertThat(episode.numSampled()).isEqualTo(5);
    assertThat(episode.numLearned()).isEqualTo(4);
  }

  @Test
  void episodesThatPartLateShareWhatTheyHaveInCommon() {
    try (LanguageModel model = model()) {
      Episode episode = twoTurns(model);
      Segment other = Sampled.of(completion(new int[] {10, 4, 1}, new float[3]), 1);
      Episode parted =
          Episode.of(
              List.of(
                  episode.branches().getFirst().segments().get(0),
                  episode.branches().getFirst().segments().get(1),
                  episode.branches().getFirst().segments().get(2),
                  other),
              0);
      EpisodeBatch batch = EpisodeBatch.of(List.of(group(episode, parted)), 100);
      // Ten inputs of the first, and one more, the other's second sampled token.
      assertThat(batch.micros().getFirst().forest().numTokens()).isEqualTo(11);
    }
  }

  /// A template that left a thought out: the second answer follows the first one's end alone.
  @Test
  void branchesLearnAsSequencesOfTheirOwnAndShareTheirBeginning() {
    int[] second = {2, 3, 4, 6, 9};
    try (LanguageModel model = model();
        LanguageModel byHand = model();
        LocalTrainer trainer = trainer(model);
        LocalTrainer other = trainer(byHand)) {
      int[] first = {2, 3, 4, 5, 6};
      int[] whole = {2, 3, 4, 6, 9, 10, 3, 1};
      Episode episode =
          new Episode(
              List.of(
                  new Branch(
                      List.of(
                          new Given(Source.PROMPT, PROMPT),
                          Sampled.of(completion(FIRST, logprobs(model, first, 3, 4)), 0.5))),
                  new Branch(
                      List.of(
                          new Given(Source.PROMPT, second),
                          Sampled.of(completion(SECOND, logprobs(model, whole, 5, 6, 7)), -1.25)))),
              1);
      EpisodeBatch batch = EpisodeBatch.of(List.of(group(episode)), 100);
      // 2 3 4 once, then 5 of the first, and 6 9 10 3 of the second.
      assertThat(batch.micros().getFirst().numTokens()).isEqualTo(8);
      assertThat(batch.tokens().getFirst().advantages()).containsExactly(ADVANTAGES);
      PolicyReport report =
          new PolicyLearner(trainer, SurrogateLoss.dapo()).step(List.of(group(episode)));
      TokenForest forest = new TokenForest();
      int one = forest.add(TokenForest.ROOT, first);
      int two = forest.add(TokenForest.ROOT, whole);
      Targets targets = new Targets();
      for (int position : new int[] {3, 4}) {
        targets.add(forest.predictor(one, position), first[position]);
      }
      for (int position : new int[] {5, 6, 7}) {
        targets.add(forest.predictor(two, position), whole[position]);
      }
      StepReport expected = stepByHand(other, new PackedTokens(forest, targets, List.of("apart")));
      assertThat(report.loss().ratioMax()).isCloseTo(1, within(1e-5));
      assertThat(report.step().gradientNorm())
          .isCloseTo(expected.gradientNorm(), within(1e-5 * expected.gradientNorm()));
      List<Float> learned = weights(model);
      List<Float> wanted = weights(byHand);
      for (int i = 0; i < learned.size(); i++) {
        assertThat(learned.get(i)).isCloseTo(wanted.get(i), within(1e-4f));
      }
    }
  }
}
