/// Products of two numbers, with a calculator as a tool: a policy that seldom calls it, and guesses
/// else, learns from the worth of its final answers that it should.
import dev.burnish.*;
import dev.burnish.agent.*;
import dev.burnish.algorithm.*;
import dev.burnish.algorithm.advantage.*;
import dev.burnish.config.*;
import dev.burnish.controller.*;
import dev.burnish.env.tools.*;
import dev.burnish.learn.*;
import dev.burnish.rollout.*;
import dev.burnish.train.*;

record Settings(
    @Inlined TrainingSettings training,
    @Inlined WarmUp warm,
    @Inlined LoopSettings loop,
    int prompts,
    int samples,
    int digits,
    double solved) {
  static Settings defaults() {
    var adamW = OptimizerConfig.defaults().withLr(2e-4).withWarmup(5).withBetas(0.95, 0.99);
    var training = TrainingSettings.defaults().withSteps(100).withOptimizer(o -> adamW);
    return new Settings(
        training, WarmUp.defaults().withWarmUp(300), LoopSettings.defaults(), 16, 8, 2, 0.9);
  }
}

void main(String... args) {
  try (var run = Run.start("tool-math", Settings.defaults(), args)) {
    var s = run.settings();
    var task = new ToolMathTask(s.digits(), s.training().seed());
    var format = ToolMathTask.format();
    var base = Pretrained.untrained(format.tokenizer(), s.training().seed());
    if (run.isFresh()) {
      s.warm().imitate(task, base.model(), format.tokenizer(), base.generator());
    }
    var loop = run.loop(base, s.training(), s.loop(), s.prompts());
    var play = EnvironmentRollout.of(format, Budget.defaults().withTurns(3).withTokens(64));
    var sampling = SamplingParams.defaults().withN(s.samples()).withMaxTokens(48);
    loop.rollouts(slot -> {
      var problem = task.problem(slot.position());
      var policy = slot.pinned(loop.policy());
      var draws = slot.seeded(sampling);
      return play.play(problem, () -> task.environment(problem), policy, draws, Advantages::grpo);
    });
    var learner = new PolicyLearner(loop.trainer(), SurrogateLoss.dapo());
    for (long step : run.steps(s.training().steps())) {
      var groups = loop.take(step).groups();
      var report = learner.step(groups);
      run.record(report);
      run.record(EpisodeMeasures.of(groups));
      loop.publish(step);
      run.samples(groups);
      run.stopOnceReached("reward", report.reward(), s.solved());
    }
  }
}
