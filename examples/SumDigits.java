/// Post-trains a model of characters from random weights until it can add digits.
import dev.burnish.*;
import dev.burnish.algorithm.*;
import dev.burnish.algorithm.advantage.*;
import dev.burnish.config.*;
import dev.burnish.controller.*;
import dev.burnish.env.*;
import dev.burnish.learn.*;
import dev.burnish.rollout.*;
import dev.burnish.text.*;
import dev.burnish.train.*;

record Settings(
    @Inlined TrainingSettings training,
    @Inlined WarmUp warm,
    @Inlined LoopSettings loop,
    int prompts,
    int samples,
    int digits,
    int heldOut,
    double solved) {
  static Settings defaults() {
    var adamW = OptimizerConfig.defaults().withLr(2e-4).withWarmup(5).withBetas(0.95, 0.99);
    var training = TrainingSettings.defaults().withSteps(250).withOptimizer(o -> adamW);
    var loop = LoopSettings.defaults();
    return new Settings(training, WarmUp.defaults(), loop, 64, 16, 3, 200, 0.95);
  }
}

void main(String... args) {
  try (var run = Run.start("sum-digits", Settings.defaults(), args)) {
    var s = run.settings();
    long seed = s.training().seed();
    var task = new SumDigitsTask(s.digits(), s.heldOut(), seed);
    var characters = CharacterTokenizer.of(SumDigitsTask.ALPHABET);
    var base = Pretrained.untrained(characters, seed);
    if (run.isFresh()) {
      s.warm().imitate(task, base.model(), characters, base.generator());
      run.measure("accuracy", Evaluation.greedy(base.generator(), task, 4));
    }
    var loop = run.loop(base, s.training(), s.loop(), s.prompts());
    var reward = run.replicas("reward", Reward.class, Reward::exact, s.loop().rewardReplicas());
    var learner = new PolicyLearner(loop.trainer(), SurrogateLoss.dapo(), loop.reference());
    var sampling = SamplingParams.defaults().withN(s.samples()).withMaxTokens(4);
    loop.rollouts(slot -> {
      var problem = task.training(slot.position());
      return slot.sample(loop.policy(), problem, sampling).score(reward, Advantages::maxRl);
    });
    for (long step : run.steps(s.training().steps())) {
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
