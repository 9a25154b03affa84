/// Post-trains a character-level model from random weights until it can say the sum of the digits of a number.
import dev.burnish.*;
import dev.burnish.algorithm.*;
import dev.burnish.algorithm.advantage.*;
import dev.burnish.engine.*;
import dev.burnish.env.*;
import dev.burnish.learn.*;
import dev.burnish.model.*;
import dev.burnish.rollout.*;
import dev.burnish.service.ServiceOptions;
import dev.burnish.tensor.KeyedRandom;
import dev.burnish.text.*;
import dev.burnish.train.*;

record Settings(long seed, int digits, int heldOut, int warmUp, double ready, int steps, int prompts, int samples, double solved, OptimizerConfig imitation, OptimizerConfig optimizer, int rewardReplicas) {
  static Settings defaults() {
    var adamW = OptimizerConfig.defaults();
    return new Settings(1, 3, 200, 100, 0.3, 250, 64, 16, 0.95, adamW.withLr(8e-4).withWarmup(10).withSchedule("wsd"), adamW.withLr(2e-4).withWarmup(5).withBetas(0.95, 0.99), 0);
  }
}

void main(String... args) {
  try (var run = Run.start("sum-digits", Settings.defaults(), args)) {
    var s = run.settings();
    var task = new SumDigitsTask(s.digits(), s.heldOut(), s.seed());
    var reward = s.rewardReplicas() == 0 ? task.reward() : run.service("reward", Reward.class, Reward::exact, ServiceOptions.replicas(s.rewardReplicas())).route();
    var tokenizer = CharacterTokenizer.of(SumDigitsTask.ALPHABET);
    var config = new LlamaConfig(tokenizer.vocabularySize(), 128, 512, 4, 8, 8, 64, 100, 0.05, tokenizer.endId().orElseThrow());
    var model = LanguageModel.random(config.toJson(), s.seed());
    var policy = new BatchGenerator(model, PromptEncoder.of(tokenizer));
    var sampling = SamplingParams.defaults().withN(s.samples()).withMaxTokens(4);

    if (!run.goesOn()) {
      var teacher = new SupervisedLearner(new LocalTrainer(model.decoder(), s.imitation(), s.warmUp()));
      for (int i = 1; i <= s.warmUp(); i++) {
        teacher.imitate(tokenizer, task.training(-i, 64));
        if (i >= 40 && i % 5 == 0 && Evaluation.greedy(policy, task.training(-s.warmUp() - i, 256), reward, 4) > s.ready()) break;
      }
      run.summary("accuracyBefore", Evaluation.greedy(policy, task.heldOut(), reward, 4));
    }
    var trainer = run.keep(model, tokenizer, new LocalTrainer(model.decoder(), s.optimizer(), s.steps()));
    var learner = new PolicyLearner(trainer, SurrogateLoss.dapo(), run.reference(model));

    for (long step : run.steps(s.steps())) {
      var draw = sampling.withSeed(KeyedRandom.bits(s.seed(), "rollouts", step));
      var rollouts = Rollout.sample(policy, task.training(step, s.prompts()), draw);
      var groups = Rollout.score(rollouts, reward, Advantages::maxRl);
      run.record(policy.throughput());
      run.record(learner.step(groups));
      run.samples(groups);
      if (step > 1 && step % 5 != 0) continue;
      double accuracy = Evaluation.greedy(policy, task.heldOut(), reward, 4);
      run.record("accuracy", accuracy);
      run.summary("accuracyAfter", accuracy);
      if (accuracy >= s.solved()) run.finish();
    }
  }
}
