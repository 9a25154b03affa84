package dev.burnish.learn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.burnish.learn.PpoConfig.Truncated;
import dev.burnish.model.LanguageModel;
import dev.burnish.nn.Decoder;
import dev.burnish.nn.LoraConfig;
import dev.burnish.nn.Parameters;
import dev.burnish.rollout.Completion;
import dev.burnish.rollout.Episode;
import dev.burnish.rollout.FinishReason;
import dev.burnish.rollout.ScoredGroup;
import dev.burnish.train.LocalTrainer;
import dev.burnish.train.OptimizerConfig;
import dev.burnish.train.ReferenceModel;
import dev.burnish.train.Trainer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

class PpoLearnerTest {
  private static final OptimizerConfig STILL = OptimizerConfig.defaults().withLr(0);
  private static final PpoConfig ONCE =
      PpoConfig.defaults().withEpochs(1).withMiniBatches(1).withKl(0.3);

  /// The result of steps: their reports, and the weights of policy and critic.
  private record Trained(List<PpoReport> reports, List<float[]> weights) {
    PpoReport first() {
      return reports.getFirst();
    }
  }

  private static List<ScoredGroup> groups(long seed) {
    try (LanguageModel sampler = PolicyLearnerTest.model(5)) {
      return PolicyLearnerTest.groups(sampler, seed);
    }
  }

  private static void addWeights(Decoder model, List<float[]> weights) {
    for (Parameters part : model.trained()) {
      weights.add(part.values().toFloatArray());
    }
  }

  private static Trained train(OptimizerConfig optimizer, PpoConfig config, int steps) {
    return train(optimizer, config, steps, trainer -> trainer);
  }

  private static Trained train(
      OptimizerConfig optimizer, PpoConfig config, int steps, UnaryOperator<Trainer> path) {
    try (LanguageModel policy = PolicyLearnerTest.model(3);
        LanguageModel critic = policy.critic();
        LanguageModel frozen = PolicyLearnerTest.model(4);
        LocalTrainer ofPolicy = new LocalTrainer(policy.decoder(), optimizer, 10);
        LocalTrainer ofCritic = new LocalTrainer(critic.decoder(), optimizer, 10)) {
      PpoLearner learner =
          new PpoLearner(
              path.apply(ofPolicy),
              path.apply(ofCritic),
              config,
              Optional.of(ReferenceModel.of(frozen.decoder())));
      List<PpoReport> reports = new ArrayList<>();
      for (int step = 0; step < steps; step++) {
        reports.add(learner.step(groups(step), step));
      }
      List<float[]> weights = new ArrayList<>();
      addWeights(policy.decoder(), weights);
      addWeights(critic.decoder(), weights);
      return new Trained(reports, weights);
    }
  }

  private static void assertSameBits(Trained actual, Trained expected) {
    for (int i = 0; i < expected.reports().size(); i++) {
      PpoReport a = actual.reports().get(i);
      PpoReport e = expected.reports().get(i);
      assertThat(a.critique()).isEqualTo(e.critique());
      assertThat(a.loss()).isEqualTo(e.loss());
      assertThat(a.policy().loss()).isEqualTo(e.policy().loss());
      assertThat(a.critic().loss()).isEqualTo(e.critic().loss());
    }
    for (int i = 0; i < expected.weights().size(); i++) {
      assertThat(actual.weights().get(i)).isEqualTo(expected.weights().get(i));
    }
  }

  private static void assertSameNumbers(Trained actual, Trained expected) {
    PpoReport a = actual.first();
    PpoReport e = expected.first();
    assertThat(a.policy().loss()).isCloseTo(e.policy().loss(), within(1e-6));
    assertThat(a.critic().loss()).isCloseTo(e.critic().loss(), within(1e-6));
    assertThat(a.critique().meanReturn()).isCloseTo(e.critique().meanReturn(), within(1e-6));
    assertThat(a.critique().explainedVariance())
        .isCloseTo(e.critique().explainedVariance(), within(1e-6));
    assertThat(a.loss().oldKl()).isCloseTo(e.loss().oldKl(), within(1e-6));
  }

  @Test
  void howEpisodesArePackedChangesNoNumber() {
    Trained whole = train(OptimizerConfig.defaults(), ONCE, 1);
    for (int maxTokens : new int[] {1, 60}) {
      Trained packed = train(OptimizerConfig.defaults(), ONCE.withMaxTokens(maxTokens), 1);
      assertSameNumbers(packed, whole);
      assertThat(packed.first().policy().gradientNorm())
          .isCloseTo(whole.first().policy().gradientNorm(), within(1e-5));
      assertThat(packed.first().critic().gradientNorm())
          .isCloseTo(whole.first().critic().gradientNorm(), within(1e-5));
    }
    assertThat(whole.first().critique().referenceKl()).isGreaterThan(0.01);
    assertThat(whole.first().critic().gradientNorm()).isGreaterThan(0.01);
  }

  /// Without a change of the weights, the mean of the losses of an epoch's updates is the loss of
  /// an update of all: advantages and counts are those of the whole step.
  @Test
  void whatIsRelativeToAStepIsComputedBeforeItIsDivided() {
    Trained whole = train(STILL, ONCE, 1);
    for (int parts = 2; parts <= 3; parts++) {
      assertSameNumbers(train(STILL, ONCE.withMiniBatches(parts), 1), whole);
      assertSameNumbers(train(STILL, ONCE.withMiniBatches(parts).withEpochs(3), 1), whole);
    }
  }

  @Test
  void theSeedDeterminesEveryBit() {
    PpoConfig config = PpoConfig.defaults().withKl(0.1).withMiniBatches(3);
    OptimizerConfig fast = OptimizerConfig.defaults().withLr(1e-2);
    Trained first = train(fast, config, 2);
    assertSameBits(train(fast, config, 2), first);
    List<float[]> orders = new ArrayList<>();
    for (long seed = 0; seed < 6; seed++) {
      try (LanguageModel policy = PolicyLearnerTest.model(3);
          LanguageModel critic = policy.critic();
          LocalTrainer ofPolicy = new LocalTrainer(policy.decoder(), fast, 10);
          LocalTrainer ofCritic = new LocalTrainer(critic.decoder(), fast, 10)) {
        new PpoLearner(ofPolicy, ofCritic, config.withKl(0)).step(groups(1), seed);
        addWeights(policy.decoder(), orders);
      }
    }
    assertThat(orders.stream().map(Arrays::hashCode).distinct().count())
        .isGreaterThan(orders.size() / 6L);
  }

  @Test
  void trainersInOtherProcessesTakeTheSameSteps() {
    PpoConfig config = PpoConfig.defaults().withKl(0.1);
    OptimizerConfig fast = OptimizerConfig.defaults().withLr(1e-2);
    Trained travelled =
        train(fast, config, 3, trainer -> BatchesTravelTest.sent(Trainer.class, trainer));
    assertSameBits(travelled, train(fast, config, 3));
    assertThat(travelled.reports().getLast().critique().meanValue()).isNotZero();
    assertThat(travelled.reports().getLast().loss().oldKl()).isGreaterThan(0);
  }

  private static ScoredGroup withTruncatedRewards(ScoredGroup group, double reward) {
    List<Episode> episodes = new ArrayList<>();
    for (Episode episode : group.episodes()) {
      Completion completion = episode.sampled().getFirst().completion();
      boolean truncated = completion.finish() == FinishReason.LENGTH;
      episodes.add(
          Episode.singleTurn(
              episode.prompt(), completion, truncated ? reward : episode.reward(), 0));
    }
    return new ScoredGroup(group.problem(), episodes);
  }

  private static PpoReport stepWithTruncatedRewards(Truncated treatment, double reward) {
    try (LanguageModel policy = PolicyLearnerTest.model(3);
        LanguageModel critic = policy.critic();
        LocalTrainer ofPolicy = new LocalTrainer(policy.decoder(), STILL, 10);
        LocalTrainer ofCritic = new LocalTrainer(critic.decoder(), STILL, 10)) {
      List<ScoredGroup> groups =
          groups(1).stream().map(group -> withTruncatedRewards(group, reward)).toList();
      PpoConfig config = PpoConfig.defaults().withTruncated(treatment);
      return new PpoLearner(ofPolicy, ofCritic, config).step(groups, 1);
    }
  }

  @Test
  void episodesThatTheTokenLimitEndedAreLeftOutWhereAskedFor() {
    long truncated =
        groups(1).stream()
            .flatMap(group -> group.episodes().stream())
            .filter(e -> e.sampled().getLast().completion().finish() == FinishReason.LENGTH)
            .count();
    assertThat(truncated).isBetween(1L, 17L);
    PpoReport masked = stepWithTruncatedRewards(Truncated.MASK, 0);
    PpoReport other = stepWithTruncatedRewards(Truncated.MASK, 1000);
    assertThat(other.critique()).isEqualTo(masked.critique());
    assertThat(other.policy().gradientNorm()).isEqualTo(masked.policy().gradientNorm());
    assertThat(other.critic().gradientNorm()).isEqualTo(masked.critic().gradientNorm());
    PpoReport learned = stepWithTruncatedRewards(Truncated.LEARN, 1000);
    assertThat(learned.critique().meanReturn()).isGreaterThan(100);
  }

  @Test
  void aStepOfTruncatedEpisodesAloneChangesNothing() {
    try (LanguageModel policy = PolicyLearnerTest.model(3);
        LanguageModel critic = policy.critic();
        LocalTrainer ofPolicy = new LocalTrainer(policy.decoder(), STILL, 10);
        LocalTrainer ofCritic = new LocalTrainer(critic.decoder(), STILL, 10)) {
      List<ScoredGroup> groups = new ArrayList<>();
      for (ScoredGroup group : groups(1)) {
        List<Episode> cut =
            group.episodes().stream()
                .filter(e -> e.sampled().getLast().completion().finish() == FinishReason.LENGTH)
                .toList();
        if (!cut.isEmpty()) {
          groups.add(new ScoredGroup(group.problem(), cut));
        }
      }
      PpoReport report =
          new PpoLearner(
                  ofPolicy,
                  ofCritic,
                  PpoConfig.defaults().withMiniBatches(1).withTruncated(Truncated.MASK))
              .step(groups, 1);
      assertThat(report.policy().gradientNorm()).isZero();
      assertThat(report.critic().gradientNorm()).isZero();
      assertThat(report.critique().meanReturn()).isZero();
    }
  }

  @Test
  void theDivergenceFromTheReferenceLowersTheReturns() {
    double without = train(STILL, ONCE.withKl(0), 1).first().critique().meanReturn();
    double with = train(STILL, ONCE.withKl(0.3), 1).first().critique().meanReturn();
    assertThat(without).isBetween(0.0, 1.0);
    assertThat(with).isLessThan(without);
  }

  private static void assertLearns(LanguageModel policy, LanguageModel critic, double lr) {
    OptimizerConfig fast = OptimizerConfig.defaults().withLr(lr);
    try (LocalTrainer ofPolicy = new LocalTrainer(policy.decoder(), fast, 100);
        LocalTrainer ofCritic = new LocalTrainer(critic.decoder(), fast, 100)) {
      PpoLearner learner =
          new PpoLearner(ofPolicy, ofCritic, PpoConfig.defaults().withMiniBatches(1));
      PpoReport first = learner.step(PolicyLearnerTest.groups(policy, 0), 0);
      assertThat(first.critique().explainedVariance()).isZero();
      assertThat(first.reward()).isLessThan(0.4);
      double reward = 0;
      double explained = 0;
      for (int i = 1; i < 25; i++) {
        PpoReport report = learner.step(PolicyLearnerTest.groups(policy, i), i);
        reward = report.reward();
        explained = Math.max(explained, report.critique().explainedVariance());
      }
      assertThat(reward).isGreaterThan(0.7);
      assertThat(explained).isGreaterThan(0.3);
    }
  }

  @Test
  void rewardRisesAndTheCriticExplainsIt() {
    try (LanguageModel policy = PolicyLearnerTest.model(3);
        LanguageModel critic = policy.critic()) {
      assertLearns(policy, critic, 1e-2);
    }
  }

  @Test
  void rewardRisesWhereBothAreAdapted() {
    LoraConfig lora = LoraConfig.defaults().withRank(4);
    try (LanguageModel base = PolicyLearnerTest.model(3);
        LanguageModel critic = base.critic().adapt(lora, 2);
        LanguageModel policy = base.copy().adapt(lora, 1)) {
      assertLearns(policy, critic, 2e-2);
    }
  }

  @Test
  void aStepOfFewGroupsHasAMiniBatchPerGroup() {
    try (LanguageModel policy = PolicyLearnerTest.model(3);
        LanguageModel critic = policy.critic();
        LocalTrainer ofPolicy = new LocalTrainer(policy.decoder(), STILL, 10);
        LocalTrainer ofCritic = new LocalTrainer(critic.decoder(), STILL, 10)) {
      PpoConfig many = PpoConfig.defaults().withMiniBatches(4);
      new PpoLearner(ofPolicy, ofCritic, many).step(groups(1), 1);
      assertThat(groups(1)).hasSize(3);
      assertThat(ofPolicy.stepsDone()).isEqualTo(3L * many.epochs());
      assertThat(ofCritic.stepsDone()).isEqualTo(3L * many.epochs());
    }
  }

  @Test
  void refusesWhatCannotBeTrained() {
    try (LanguageModel policy = PolicyLearnerTest.model(3);
        LanguageModel critic = policy.critic();
        LocalTrainer ofPolicy = new LocalTrainer(policy.decoder(), STILL, 10);
        LocalTrainer ofCritic = new LocalTrainer(critic.decoder(), STILL, 10)) {
      assertThatThrownBy(() -> new PpoLearner(ofPolicy, ofCritic, ONCE))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("ppo.kl above 0 needs a reference: kl=0.3");
      assertThatThrownBy(
              () -> new PpoLearner(ofPolicy, ofPolicy, PpoConfig.defaults()).step(groups(1), 1))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("only a critic has values");
      assertThatThrownBy(() -> PpoConfig.defaults().withLambda(1.5))
          .hasMessageContaining("ppo.lambda must be between 0 and 1: lambda=1.5");
    }
  }
}
