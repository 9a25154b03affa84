/// An agent writes a program that prints a number, sees what it prints, and writes it again.
import dev.burnish.*;
import dev.burnish.agent.*;
import dev.burnish.algorithm.*;
import dev.burnish.algorithm.advantage.*;
import dev.burnish.config.*;
import dev.burnish.controller.*;
import dev.burnish.env.code.*;
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
    int attempts,
    double solved) {
  static Settings defaults() {
    var adamW = OptimizerConfig.defaults().withLr(2e-4).withWarmup(5).withBetas(0.95, 0.99);
    var training = TrainingSettings.defaults().withSteps(150).withOptimizer(o -> adamW);
    return new Settings(
        training, WarmUp.defaults().withWarmUp(200), LoopSettings.defaults(), 24, 8, 2, 0.8);
  }
}

void main(String... args) {
  try (var run = Run.start("code-agent", Settings.defaults(), args)) {
    var s = run.settings();
    var coder = run.replicas("coder", SandboxedCoder.class, SandboxedCoder::open, 0);
    var task = new PrintNumberTask(coder, s.attempts(), s.training().seed());
    var characters = CharacterTokenizer.of(PrintNumberTask.ALPHABET);
    var base = Pretrained.untrained(characters, s.training().seed());
    if (run.isFresh()) {
      s.warm().imitate(task, base.model(), characters, base.generator());
    }
    var loop = run.loop(base, s.training(), s.loop(), s.prompts());
    var format = ChatFormat.of(characters, ChatTemplate.of(PrintNumberTask.TEMPLATE));
    var play = EnvironmentRollout.of(format, Budget.defaults());
    var sampling = SamplingParams.defaults().withN(s.samples()).withMaxTokens(16);
    loop.rollouts(slot -> {
      var number = task.conversation(slot.position());
      var policy = slot.pinned(loop.policy());
      return play.play(
          number, () -> task.environment(number), policy, slot.seeded(sampling), Advantages::grpo);
    });
    var learner = new PolicyLearner(loop.trainer(), SurrogateLoss.dapo());
    for (long step : run.steps(s.training().steps())) {
      var groups = loop.take(step).groups();
      var report = learner.step(groups);
      run.record(report);
      loop.publish(step);
      run.samples(groups);
      run.stopOnceReached("reward", report.reward(), s.solved());
    }
  }
}
