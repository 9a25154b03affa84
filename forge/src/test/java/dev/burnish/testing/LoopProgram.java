package dev.burnish.testing;

import dev.burnish.Pretrained;
import dev.burnish.Run;
import dev.burnish.TrainingSettings;
import dev.burnish.algorithm.SurrogateLoss;
import dev.burnish.algorithm.advantage.Advantages;
import dev.burnish.config.Inlined;
import dev.burnish.controller.LoopSettings;
import dev.burnish.controller.TrainingLoop;
import dev.burnish.controller.Updates;
import dev.burnish.env.SumDigitsTask;
import dev.burnish.learn.PolicyLearner;
import dev.burnish.learn.PpoConfig;
import dev.burnish.learn.PpoLearner;
import dev.burnish.metrics.Recordable;
import dev.burnish.model.LanguageModel;
import dev.burnish.rollout.Reward;
import dev.burnish.rollout.SamplingParams;
import dev.burnish.rollout.ScoredGroup;
import dev.burnish.text.CharacterTokenizer;
import dev.burnish.train.OptimizerConfig;
import java.util.List;
import java.util.Optional;

/// A loop of rollouts and training of a tiny model, with or without a critic, whose rewards differ
/// from the first step on: each number depends on all that came before.
public final class LoopProgram {
  private static final OptimizerConfig OPTIMIZER = OptimizerConfig.defaults().withLr(1e-2);
  private static final PpoConfig CONFIG = PpoConfig.defaults();

  /// @param prompts of a step
  /// @param samples of a prompt
  public record Settings(
      @Inlined TrainingSettings training,
      @Inlined LoopSettings loop,
      int prompts,
      int samples,
      Algorithm algorithm) {
    static Settings defaults() {
      return new Settings(
          TrainingSettings.defaults().withSteps(6).withOptimizer(_ -> OPTIMIZER),
          LoopSettings.defaults(),
          4,
          4,
          Algorithm.GRPO);
    }
  }

  /// The algorithms that learn.
  public enum Algorithm {
    /// A policy alone.
    GRPO,
    /// A policy and its critic, in four updates a step.
    PPO;

    Updates updates() {
      return switch (this) {
        case GRPO -> Updates.of(1);
        case PPO -> Updates.of(CONFIG.updatesPerStep()).withCritic(OPTIMIZER);
      };
    }

    Learner learner(TrainingLoop loop) {
      return switch (this) {
        case GRPO -> {
          PolicyLearner learner =
              new PolicyLearner(loop.trainer(), SurrogateLoss.dapo(), loop.reference());
          yield (groups, _) -> learner.step(groups);
        }
        case PPO -> {
          PpoLearner learner =
              new PpoLearner(loop.trainer(), loop.critic(), CONFIG, loop.reference());
          yield learner::step;
        }
      };
    }
  }

  interface Learner {
    Recordable step(List<ScoredGroup> groups, long seed);
  }

  private LoopProgram() {}

  /// Trains.
  ///
  /// @param args of the run
  public static void main(String... args) {
    try (Run<Settings> run = Run.start("loop", Settings.defaults(), args)) {
      Settings settings = run.settings();
      long seed = settings.training().seed();
      SumDigitsTask task = new SumDigitsTask(3, 8, seed);
      TrainingLoop loop =
          run.loop(
              untrained(seed),
              settings.training(),
              settings.loop(),
              settings.prompts(),
              settings.algorithm().updates());
      Reward reward =
          run.replicas(
              "reward", Reward.class, LoopProgram::worth, settings.loop().rewardReplicas());
      Learner learner = settings.algorithm().learner(loop);
      SamplingParams sampling =
          SamplingParams.defaults().withN(settings.samples()).withMaxTokens(4);
      loop.rollouts(slot ->
          slot.sample(loop.policy(), task.training(slot.position()), sampling)
              .score(reward, rewards -> Advantages.grpo(rewards)));
      for (long step : run.steps(settings.training().steps())) {
        run.record(learner.step(loop.take(step).groups(), run.rolloutSeed(step)));
        loop.publish(step);
      }
    }
  }

  private static Pretrained untrained(long seed) {
    CharacterTokenizer characters = CharacterTokenizer.of(SumDigitsTask.ALPHABET);
    LanguageModel model =
        TinyModels.llama(characters.vocabularySize(), characters.endId().orElseThrow(), seed);
    return new Pretrained(
        model, characters, Optional.empty(), SamplingParams.defaults(), List.of());
  }

  private static Reward worth() {
    return (_, completion, _) -> Math.floorMod(completion.hashCode(), 7) / 6.0;
  }
}
