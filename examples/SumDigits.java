/// Post-trains a model of characters from random weights until it can add digits.
import dev.burnish.*;
import dev.burnish.algorithm.*;
import dev.burnish.algorithm.advantage.*;
import dev.burnish.config.*;
import dev.burnish.controller.*;
import dev.burnish.env.*;
import dev.burnish.learn.*;
import dev.burnish.rollout.*;
import dev.burnish.run.*;
import dev.burnish.text.*;
import dev.burnish.train.*;

record Settings(
    int digits,
    int heldOut,
    int samples,
    double solved,
    @Inlined WarmUp warm,
    @Inlined LoopPlan plan,
    @Inlined LoopSettings loop) {
  static Settings defaults() {
    var adamW = OptimizerConfig.defaults().withLr(2e-4).withWarmup(5).withBetas(0.95, 0.99);
    var plan = new LoopPlan(1, 250, 64, adamW, TrainConfig.defaults());
    return new Settings(3, 200, 16, 0.95, WarmUp.defaults(), plan, LoopSettings.defaults());
  }
}

void main(String... args) {
  try (var run = Run.start("sum-digits", Settings.defaults(), args)) {
    var s = run.settings();
    var task = new SumDigitsTask(s.digits(), s.heldOut(), s.plan().seed());
    var tokenizer = CharacterTokenizer.of(SumDigitsTask.ALPHABET);
    var model = TrainedModel.random(tokenizer, s.plan().seed());
    if (run.isFresh()) {
      s.warm().imitate(task, model.model(), tokenizer, model.generator());
      run.measure("accuracy", Evaluation.greedy(model.generator(), task, 4));
    }
    var loop = run.loop(model, s.plan(), s.loop());
    var reward = run.replicas("reward", Reward.class, Reward::exact, s.loop().rewardReplicas());
    var learner = new PolicyLearner(loop.trainer(), SurrogateLoss.dapo(), loop.reference());
    var sampling = SamplingParams.defaults().withN(s.samples()).withMaxTokens(4);
    loop.rollouts(slot -> {
      var problem = task.training(slot.position());
      return slot.sample(loop.policy(), problem, sampling).score(reward, Advantages::maxRl);
    });

    for (long step : run.steps(s.plan().steps())) {
      var groups = loop.take(step).groups();
      run.record(learner.step(groups));
      loop.publish(step);
      run.samples(groups);
      if (step == 1 || step % 5 == 0) {
        double accuracy = run.measure("accuracy", Evaluation.greedy(loop.policy(step), task, 4));
        run.stopOnceReached("accuracy", accuracy, s.solved());
      }
    }
  }
}
