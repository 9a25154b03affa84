/// Post-trains a character-level model from random weights until it can add digits: trainer,
/// generator, rewards, replay buffer and weights in processes of their own.
import dev.burnish.*;
import dev.burnish.algorithm.*;
import dev.burnish.algorithm.advantage.*;
import dev.burnish.config.*;
import dev.burnish.controller.*;
import dev.burnish.engine.*;
import dev.burnish.env.*;
import dev.burnish.learn.*;
import dev.burnish.model.*;
import dev.burnish.rollout.*;
import dev.burnish.run.*;
import dev.burnish.text.*;
import dev.burnish.train.*;

record Rl(int steps, int prompts, int samples, double solved, OptimizerConfig optimizer) {}

record Settings(
    long seed,
    int digits,
    int heldOut,
    @Inlined WarmUp warm,
    @Inlined Rl rl,
    @Inlined LoopSettings loop) {
  static Settings defaults() {
    var adamW = OptimizerConfig.defaults().withLr(2e-4).withWarmup(5).withBetas(0.95, 0.99);
    var rl = new Rl(250, 64, 16, 0.95, adamW);
    return new Settings(1, 3, 200, WarmUp.defaults(), rl, LoopSettings.defaults());
  }
}

void main(String... args) {
  try (var run = Run.start("sum-digits", Settings.defaults(), args)) {
    var s = run.settings();
    var task = new SumDigitsTask(s.digits(), s.heldOut(), s.seed());
    var tokenizer = CharacterTokenizer.of(SumDigitsTask.ALPHABET);
    var config = LlamaConfig.small(tokenizer.vocabularySize(), tokenizer.endId().orElseThrow());
    var model = LanguageModel.random(config.toJson(), s.seed());
    run.seed(s.seed());
    run.compare("held-out accuracy", "accuracyBefore", "accuracyAfter");

    if (run.isFresh()) {
      var first = new BatchGenerator(model, PromptEncoder.of(tokenizer));
      s.warm().imitate(task, model, tokenizer, p -> accuracy(first, p, task.reward()));
      run.summary("accuracyBefore", accuracy(first, task.heldOut(), task.reward()));
    }
    var plan =
        new LoopPlan(
            s.rl().optimizer(), TrainConfig.defaults(), s.rl().steps(), s.rl().prompts(), s.seed());
    var loop = run.loop(new TrainedModel(model, tokenizer), plan, s.loop());
    var reward = run.replicas("reward", Reward.class, Reward::exact, s.loop().rewardReplicas());
    var learner = new PolicyLearner(loop.trainer(), SurrogateLoss.dapo(), loop.reference());
    var sampling = SamplingParams.defaults().withN(s.rl().samples()).withMaxTokens(4);
    loop.rollouts(slot -> {
      var problem = task.training(slot.position());
      return slot.sample(loop.policy(), problem, sampling).score(reward, Advantages::maxRl);
    });

    for (long step : run.steps(s.rl().steps())) {
      var groups = loop.take(step).groups();
      run.record(learner.step(groups));
      loop.publish(step);
      run.samples(groups);
      if (step == 1 || step % 5 == 0) {
        double accuracy = accuracy(loop.policy(step), task.heldOut(), reward);
        run.record("accuracy", accuracy);
        run.summary("accuracyAfter", accuracy);
        run.stopOnceReached("accuracy", accuracy, s.rl().solved());
      }
    }
  }
}

double accuracy(Generator policy, List<Problem> problems, Reward reward) {
  return Evaluation.greedy(policy, problems, reward, 4);
}
