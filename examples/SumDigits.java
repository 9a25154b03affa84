/// Post-trains a character-level model from random weights until it can add digits.
import dev.burnish.*;
import dev.burnish.algorithm.*;
import dev.burnish.algorithm.advantage.*;
import dev.burnish.config.*;
import dev.burnish.engine.*;
import dev.burnish.env.*;
import dev.burnish.learn.*;
import dev.burnish.model.*;
import dev.burnish.rollout.*;
import dev.burnish.text.*;
import dev.burnish.train.*;

record Rl(int steps, int prompts, int samples, double solved, OptimizerConfig optimizer) {}

record Settings(
    long seed, int digits, int heldOut, int rewardReplicas, @Inlined WarmUp warm, @Inlined Rl rl) {
  static Settings defaults() {
    var adamW = OptimizerConfig.defaults().withLr(2e-4).withWarmup(5).withBetas(0.95, 0.99);
    return new Settings(1, 3, 200, 0, WarmUp.defaults(), new Rl(250, 64, 16, 0.95, adamW));
  }
}

void main(String... args) {
  try (var run = Run.start("sum-digits", Settings.defaults(), args)) {
    var s = run.settings();
    var task = new SumDigitsTask(s.digits(), s.heldOut(), s.seed());
    var reward = run.replicas("reward", Reward.class, Reward::exact, s.rewardReplicas());
    var tokenizer = CharacterTokenizer.of(SumDigitsTask.ALPHABET);
    var config = LlamaConfig.small(tokenizer.vocabularySize(), tokenizer.endId().orElseThrow());
    var model = LanguageModel.random(config.toJson(), s.seed());
    var policy = new BatchGenerator(model, PromptEncoder.of(tokenizer));
    var sampling = SamplingParams.defaults().withN(s.rl().samples()).withMaxTokens(4);
    run.seed(s.seed());
    run.compare("held-out accuracy", "accuracyBefore", "accuracyAfter");

    if (run.isFresh()) {
      s.warm().imitate(task, model, tokenizer, p -> Evaluation.greedy(policy, p, reward, 4));
      run.summary("accuracyBefore", Evaluation.greedy(policy, task.heldOut(), reward, 4));
    }
    var local = new LocalTrainer(model.decoder(), s.rl().optimizer(), s.rl().steps());
    var trainer = run.keep(model, tokenizer, local);
    var learner = new PolicyLearner(trainer, SurrogateLoss.dapo(), run.reference(model));

    for (long step : run.steps(s.rl().steps())) {
      var draw = sampling.withSeed(run.rolloutSeed(step));
      var rollouts = Rollout.sample(policy, task.training(step, s.rl().prompts()), draw);
      var groups = Rollout.score(rollouts, reward, Advantages::maxRl);
      run.record(policy.throughput());
      run.record(learner.step(groups));
      run.samples(groups);
      if (step == 1 || step % 5 == 0) {
        double accuracy = Evaluation.greedy(policy, task.heldOut(), reward, 4);
        run.record("accuracy", accuracy);
        run.summary("accuracyAfter", accuracy);
        run.stopOnceReached("accuracy", accuracy, s.rl().solved());
      }
    }
  }
}
