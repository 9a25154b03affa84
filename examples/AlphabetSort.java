/// A conversation of several turns: each adds letters, and the policy answers with all so far in
/// the order of the alphabet. An answer is credited with the rewards of its turn and later ones.
import dev.burnish.*;
import dev.burnish.agent.*;
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
    int turns,
    double solved) {
  static Settings defaults() {
    var adamW = OptimizerConfig.defaults().withLr(2e-4).withWarmup(5).withBetas(0.95, 0.99);
    var training = TrainingSettings.defaults().withSteps(100).withOptimizer(o -> adamW);
    return new Settings(
        training, WarmUp.defaults().withWarmUp(20), LoopSettings.defaults(), 32, 8, 3, 0.9);
  }
}

void main(String... args) {
  try (var run = Run.start("alphabet-sort", Settings.defaults(), args)) {
    var s = run.settings();
    var task = new AlphabetSortTask(s.turns(), 2, s.training().seed());
    var characters = CharacterTokenizer.of(AlphabetSortTask.ALPHABET);
    var base = Pretrained.untrained(characters, s.training().seed());
    if (run.isFresh()) {
      s.warm().imitate(task, base.model(), characters, base.generator());
    }
    var loop = run.loop(base, s.training(), s.loop(), s.prompts());
    var format = ChatFormat.of(characters, ChatTemplate.of(AlphabetSortTask.TEMPLATE));
    var play = EnvironmentRollout.of(format, Budget.defaults()).withCredit(Credit.ofTurns(1));
    var sampling = SamplingParams.defaults().withN(s.samples()).withMaxTokens(16);
    loop.rollouts(slot -> {
      var sort = task.conversation(slot.position());
      var policy = slot.pinned(loop.policy());
      return play.play(
          sort, () -> task.environment(sort), policy, slot.seeded(sampling), Advantages::grpo);
    });
    var learner = new PolicyLearner(loop.trainer(), SurrogateLoss.dapo());
    for (long step : run.steps(s.training().steps())) {
      var groups = loop.take(step).groups();
      run.record(learner.step(groups));
      loop.publish(step);
      run.samples(groups);
      double right = run.measure("accuracy", Evaluation.greedy(loop.policy(step), task, 16));
      run.stopOnceReached("accuracy", right, s.solved());
    }
  }
}
