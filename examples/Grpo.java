/// Post-trains a published model with GRPO on GSM8K: the number after `####` or in `\boxed{}`
/// should be the answer.
import dev.burnish.*;
import dev.burnish.algorithm.*;
import dev.burnish.algorithm.advantage.*;
import dev.burnish.config.*;
import dev.burnish.data.*;
import dev.burnish.env.*;
import dev.burnish.learn.*;
import dev.burnish.rollout.*;

record Settings(
    @Inlined TrainingSettings training,
    @Inlined DataSettings rows,
    int prompts,
    int samples,
    int maxTokens,
    double kl,
    double formatReward) {
  static Settings defaults() {
    var training = TrainingSettings.defaults().withOptimizer(o -> o.withLr(1e-5));
    return new Settings(training, DataSettings.defaults(), 4, 8, 64, 0, 0.1);
  }
}

static final String TASK = "Solve the problem step by step. End with #### and the number.\n\n";

void main(String... args) {
  try (var run = Run.start("grpo", Settings.defaults(), args)) {
    var s = run.settings();
    long seed = s.training().seed();
    var questions = run.loaded(Gsm8k.load(s.rows().source(), s.rows().badRows()));
    var base = Pretrained.load(s.training().model());
    var trainer = run.trainer(base, s.training());
    var policy = base.generator();
    var loss = SurrogateLoss.dapo().withKl(new Kl.Penalty(Kl.K3, s.kl()));
    var learner =
        s.kl() > 0
            ? new PolicyLearner(trainer, loss, run.reference(base.model()))
            : new PolicyLearner(trainer, loss);
    var reward = new MathAnswer().plus(s.formatReward(), new FormatReward());
    var sampling = SamplingParams.defaults().withN(s.samples()).withMaxTokens(s.maxTokens());

    for (long step : run.steps(s.training().steps())) {
      var problems = questions.batch(seed, step, s.prompts());
      var draw = sampling.withSeed(run.rolloutSeed(step));
      var rollouts = Rollout.sample(policy, problems, q -> Prompt.user(TASK + q.prompt()), draw);
      var groups = Rollout.score(rollouts, reward, Advantages::grpo);
      run.record(policy.throughput());
      run.record(learner.step(groups));
      run.samples(groups);
    }
  }
}
