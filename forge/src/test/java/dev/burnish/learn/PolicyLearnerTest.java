package dev.burnish.learn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.burnish.algorithm.Kl;
import dev.burnish.algorithm.PolicyLoss;
import dev.burnish.algorithm.SurrogateLoss;
import dev.burnish.algorithm.advantage.Advantages;
import dev.burnish.engine.BatchGenerator;
import dev.burnish.engine.PromptEncoder;
import dev.burnish.model.LanguageModel;
import dev.burnish.nn.LoraConfig;
import dev.burnish.rollout.Episode;
import dev.burnish.rollout.Group;
import dev.burnish.rollout.Problem;
import dev.burnish.rollout.Reward;
import dev.burnish.rollout.Rollout;
import dev.burnish.rollout.SamplingParams;
import dev.burnish.rollout.ScoredGroup;
import dev.burnish.testing.TinyModels;
import dev.burnish.text.CharacterTokenizer;
import dev.burnish.text.Tokenizer;
import dev.burnish.train.LocalTrainer;
import dev.burnish.train.OptimizerConfig;
import dev.burnish.train.ReferenceModel;
import dev.burnish.train.TrainingDiverged;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class PolicyLearnerTest {
  static final Tokenizer TEXT = CharacterTokenizer.of("abcdefgh ");
  private static final Reward LIKES_A =
      (_, completion, _) -> completion.chars().filter(c -> c == 'a').count() / 8.0;

  static LanguageModel model(long seed) {
    return TinyModels.llama(TEXT.vocabularySize(), TEXT.endId().orElseThrow(), seed);
  }

  static List<ScoredGroup> groups(LanguageModel model, long seed) {
    List<Problem> problems =
        List.of(
            new Problem("abc", "", 0), new Problem("hg", "", 1), new Problem("a bad cafe", "", 2));
    List<Rollout> rollouts =
        Rollout.sample(
            new BatchGenerator(model, PromptEncoder.of(TEXT)),
            problems,
            SamplingParams.defaults().withN(6).withMaxTokens(8).withSeed(seed));
    return Rollout.score(rollouts, LIKES_A, Advantages::grpo);
  }

  static List<PolicyLoss> losses() {
    return List.of(
        SurrogateLoss.dapo(),
        SurrogateLoss.grpo(0.1),
        SurrogateLoss.dapo().withKl(new Kl.Penalty(Kl.K3, 0.5)),
        SurrogateLoss.gspo(3e-4, 4e-4));
  }

  @ParameterizedTest
  @MethodSource("losses")
  void howEpisodesArePackedChangesNoNumber(PolicyLoss loss) {
    List<PolicyReport> reports = new ArrayList<>();
    List<float[]> weights = new ArrayList<>();
    for (int maxTokens : new int[] {1, 60, 100_000}) {
      try (LanguageModel policy = model(3);
          LanguageModel reference = model(4);
          LocalTrainer trainer =
              new LocalTrainer(policy.decoder(), OptimizerConfig.defaults(), 1)) {
        List<ScoredGroup> groups = groups(model(5), 1);
        reports.add(
            new PolicyLearner(
                    trainer,
                    loss,
                    0.01,
                    maxTokens,
                    Optional.of(ReferenceModel.of(reference.decoder())))
                .step(groups));
        weights.add(policy.decoder().parts().getFirst().values().toFloatArray());
      }
    }
    for (int i = 1; i < 3; i++) {
      assertThat(reports.get(i).step().loss())
          .isCloseTo(reports.get(0).step().loss(), within(1e-6));
      assertThat(reports.get(i).step().gradientNorm())
          .isCloseTo(reports.get(0).step().gradientNorm(), within(1e-5));
      assertThat(reports.get(i).loss().referenceKl())
          .isCloseTo(reports.get(0).loss().referenceKl(), within(1e-6));
      assertThat(weights.get(i))
          .containsExactly(weights.get(0), org.assertj.core.data.Offset.offset(1e-5f));
    }
    assertThat(reports.get(0).loss().referenceKl()).isGreaterThan(0.01);
  }

  @Test
  void onPolicyTheRatioIsOneAndNothingIsClipped() {
    try (LanguageModel policy = model(3);
        LocalTrainer trainer = new LocalTrainer(policy.decoder(), OptimizerConfig.defaults(), 1)) {
      PolicyReport report =
          new PolicyLearner(trainer, SurrogateLoss.dapo()).step(groups(policy, 1));
      assertThat(report.loss().clipFraction()).isZero();
      assertThat(report.loss().ratioMax()).isCloseTo(1, within(1e-4));
      assertThat(report.loss().oldKl()).isLessThan(1e-8);
      assertThat(report.step().targets()).isPositive();
    }
  }

  @Test
  void aStepThatIsNotFiniteNamesItsEpisodesTheBlockAndTheCheckpoint() {
    try (LanguageModel policy = model(3);
        LocalTrainer trainer = new LocalTrainer(policy.decoder(), OptimizerConfig.defaults(), 1)) {
      List<ScoredGroup> groups = groups(policy, 1);
      trainer.health().checkpointIn(() -> "checkpoints/step-7");
      String weight = "model.layers.1.mlp.down_proj.weight";
      policy.decoder().part(weight).value(weight).fill_(Double.NaN);
      PolicyLearner learner =
          new PolicyLearner(trainer, SurrogateLoss.dapo(), 0, 60, Optional.empty());
      assertThatThrownBy(() -> learner.step(groups))
          .isInstanceOfSatisfying(
              TrainingDiverged.class,
              failure -> {
                assertThat(failure.where().step()).isEqualTo(1);
                assertThat(failure.where().batches())
                    .hasSize(18)
                    .startsWith("prompt-0/sample-0", "prompt-0/sample-1")
                    .endsWith("prompt-2/sample-5");
              })
          .hasMessageContaining("parameter=" + weight)
          .hasMessageContaining("prompt-1/sample-3")
          .hasMessageContaining("checkpoint=checkpoints/step-7");
    }
  }

  @Test
  void aWarmUpThatIsNotFiniteNamesItsSamples() {
    try (LanguageModel policy = model(3);
        LocalTrainer trainer = new LocalTrainer(policy.decoder(), OptimizerConfig.defaults(), 1)) {
      policy.decoder().parts().getFirst().values().fill_(Double.NaN);
      List<Problem> samples = List.of(new Problem("ab", "c", 40), new Problem("ba", "d", 41));
      assertThatThrownBy(() -> new SupervisedLearner(trainer).imitate(TEXT, samples))
          .isInstanceOf(TrainingDiverged.class)
          .hasMessageContaining("batches=[sample-40, sample-41]");
    }
  }

  @Test
  void aStepWithoutGroupsTrainsNothing() {
    try (LanguageModel policy = model(3);
        LanguageModel valued = model(3);
        LanguageModel critic = valued.critic();
        LocalTrainer trainer = new LocalTrainer(policy.decoder(), OptimizerConfig.defaults(), 30);
        LocalTrainer values = new LocalTrainer(critic.decoder(), OptimizerConfig.defaults(), 30)) {
      float[] before = policy.decoder().parts().getFirst().values().toFloatArray();
      PolicyReport report =
          new PolicyLearner(trainer, SurrogateLoss.dapo(), policy).step(List.of());
      PpoReport ppo =
          new PpoLearner(trainer, values, PpoConfig.defaults().withKl(0)).step(List.of(), 1);
      assertThat(report.step().isNone()).isTrue();
      assertThat(report.reward()).isNaN();
      assertThat(ppo.reward()).isNaN();
      assertThat(trainer.stepsDone() + values.stepsDone()).isZero();
      assertThat(policy.decoder().parts().getFirst().values().toFloatArray()).isEqualTo(before);
    }
  }

  @Test
  void rewardRises() {
    try (LanguageModel policy = model(3);
        LocalTrainer trainer =
            new LocalTrainer(policy.decoder(), OptimizerConfig.defaults().withLr(1e-2), 30)) {
      PolicyLearner learner = new PolicyLearner(trainer, SurrogateLoss.dapo());
      double first = learner.step(groups(policy, 0)).reward();
      double last = first;
      for (int i = 1; i < 30; i++) {
        last = learner.step(groups(policy, i)).reward();
      }
      assertThat(first).isLessThan(0.4);
      assertThat(last).isGreaterThan(0.7);
    }
  }

  @Test
  void rewardRisesWithAnAdaptationThatTheGeneratorSees() {
    try (LanguageModel policy = model(3).adapt(LoraConfig.defaults().withRank(4), 1);
        LocalTrainer trainer =
            new LocalTrainer(policy.decoder(), OptimizerConfig.defaults().withLr(1e-2), 40)) {
      PolicyLearner learner = new PolicyLearner(trainer, SurrogateLoss.dapo(), policy.base());
      double first = learner.step(groups(policy, 0)).reward();
      PolicyReport last = learner.step(groups(policy, 1));
      for (int i = 2; i < 40; i++) {
        last = learner.step(groups(policy, i));
        // The generator's log-probabilities are those of the trainer before its update.
        assertThat(last.loss().oldKl()).isLessThan(1e-8);
      }
      assertThat(first).isLessThan(0.4);
      assertThat(last.reward()).isGreaterThan(0.7);
      assertThat(last.loss().referenceKl()).isGreaterThan(0.1);
    }
  }

  @Test
  void refusesRewardsThatAreNotFiniteAndGroupsOfDifferentPrompts() {
    try (LanguageModel policy = model(3)) {
      List<ScoredGroup> groups = groups(policy, 1);
      Episode first = groups.getFirst().episodes().getFirst();
      Episode other = groups.getLast().episodes().getLast();
      Problem problem = groups.getFirst().problem();
      assertThatThrownBy(() -> new ScoredGroup(problem, List.of(first, other)))
          .hasMessageContaining("must share their prompt: problem=0 episode=1");
      assertThatThrownBy(() -> EpisodeBatch.of(List.of(), 100)).hasMessageContaining("groups=0");
      Group one = new Group(first.prompt(), List.of(first.sampled().getFirst().completion()));
      assertThatThrownBy(
              () -> ScoredGroup.of(problem, one, new double[] {Double.NaN}, new double[] {0}))
          .hasMessageContaining("rewards=[NaN]");
    }
  }
}
