/// Trains with PPO: a critic values every token. By default a small model, warmed up by imitation,
/// learns to add digits; with `--set model=MODEL` a published one does.
import dev.burnish.*;
import dev.burnish.config.*;
import dev.burnish.env.*;
import dev.burnish.learn.*;
import dev.burnish.rollout.*;
import dev.burnish.text.*;
import dev.burnish.train.*;

record Settings(
    @Inlined TrainingSettings training,
    @Inlined WarmUp warm,
    OptimizerConfig critic,
    PpoConfig ppo,
    int prompts,
    int samples) {
  static Settings defaults() {
    var training = TrainingSettings.defaults().withSteps(100).withOptimizer(o -> o.withLr(1e-4));
    var critic = OptimizerConfig.defaults().withLr(2e-4);
    return new Settings(training, WarmUp.defaults(), critic, PpoConfig.defaults(), 128, 2);
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
    var policy = base.generator();
    if (small && (run.isFresh() || s.training().lora().adapts())) {
      s.warm().imitate(task, base.model(), characters, p -> accuracy(policy, task, p));
    }
    var trainer = run.trainer(base, s.training(), s.ppo().updatesPerStep());
    var critic = run.critic(base, s.training(), s.critic(), s.ppo().updatesPerStep());
    var learner = new PpoLearner(trainer, critic, s.ppo(), run.reference(base.model()));
    var sampling = SamplingParams.defaults().withN(s.samples()).withMaxTokens(4);

    for (long step : run.steps(s.training().steps())) {
      var draw = sampling.withSeed(run.rolloutSeed(step));
      var rollouts = Rollout.sample(policy, task.training(step, s.prompts()), draw);
      var groups = Rollout.score(rollouts, task.reward());
      run.record(policy.throughput());
      run.record(learner.step(groups, draw.seed()));
      run.samples(groups);
      if (step % 10 == 0) {
        run.record("accuracy", accuracy(policy, task, task.heldOut()));
      }
    }
  }
}

double accuracy(Generator policy, Task task, List<Problem> problems) {
  return Evaluation.greedy(policy, problems, task.reward(), 4);
}
