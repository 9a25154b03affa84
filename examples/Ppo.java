/// Trains with PPO: a critic values every token. By default a small model, warmed up by imitation,
/// learns to add digits; with `--set model=MODEL` a published one does.
import dev.burnish.*;
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
    OptimizerConfig critic,
    PpoConfig ppo,
    int prompts,
    int samples) {
  static Settings defaults() {
    var training = TrainingSettings.defaults().withSteps(100).withOptimizer(o -> o.withLr(1e-4));
    var critic = OptimizerConfig.defaults().withLr(2e-4);
    var loop = LoopSettings.defaults();
    return new Settings(training, WarmUp.defaults(), loop, critic, PpoConfig.defaults(), 128, 2);
  }
}

void main(String... args) {
  try (var run = Run.start("ppo", Settings.defaults(), args)) {
    var s = run.settings();
    long seed = s.training().seed();
    var task = new SumDigitsTask(3, 200, seed);
    boolean small = s.training().model().isEmpty();
    var characters = CharacterTokenizer.of(SumDigitsTask.ALPHABET);
    var base =
        small ? Pretrained.untrained(characters, seed) : Pretrained.load(s.training().model());
    if (small && (run.isFresh() || s.training().lora().adapts())) {
      s.warm().imitate(task, base.model(), characters, base.generator());
    }
    var updates = Updates.of(s.ppo().updatesPerStep()).withCritic(s.critic());
    var loop = run.loop(base, s.training(), s.loop(), s.prompts(), updates);
    var learner = new PpoLearner(loop.trainer(), loop.critic(), s.ppo(), loop.reference());
    var sampling = SamplingParams.defaults().withN(s.samples()).withMaxTokens(4);
    loop.rollouts(slot -> {
      var problem = task.training(slot.position());
      return slot.sample(loop.policy(), problem, sampling).score(task.reward());
    });

    for (long step : run.steps(s.training().steps())) {
      var groups = loop.take(step).groups();
      run.record(learner.step(groups, run.rolloutSeed(step)));
      loop.publish(step);
      run.samples(groups);
      if (step % 10 == 0) {
        run.measure("accuracy", Evaluation.greedy(loop.policy(step), task, 4));
      }
    }
  }
}
