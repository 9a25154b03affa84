/// Post-trains a published model with GRPO on GSM8K: the number after `####` or in `\boxed{}`
/// should be the answer.
import dev.burnish.*;
import dev.burnish.actor.*;
import dev.burnish.algorithm.*;
import dev.burnish.algorithm.advantage.*;
import dev.burnish.config.*;
import dev.burnish.controller.*;
import dev.burnish.data.*;
import dev.burnish.env.*;
import dev.burnish.learn.*;
import dev.burnish.rollout.*;

record Settings(
    @Inlined TrainingSettings training,
    @Inlined DataSettings rows,
    @Inlined LoopSettings loop,
    int prompts,
    int samples,
    int maxTokens,
    double kl,
    double formatReward) {
  static Settings defaults() {
    var training = TrainingSettings.defaults().withOptimizer(o -> o.withLr(1e-5));
    var loop = LoopSettings.defaults();
    return new Settings(training, DataSettings.defaults(), loop, 4, 8, 64, 0, 0.1);
  }
}

static final String TASK = "Solve the problem step by step. End with #### and the number.\n\n";

void main(String... args) {
  try (var run = Run.start("grpo", Settings.defaults(), args)) {
    var s = run.settings();
    double format = s.formatReward();
    var questions = run.loaded(Gsm8k.load(s.rows().source(), s.rows().badRows()));
    var base = Pretrained.load(s.training().model());
    var loop = run.loop(base, s.training(), s.loop(), s.prompts());
    int replicas = s.loop().rewardReplicas();
    Factory.Of0<Reward> worth = () -> new MathAnswer().plus(format, new FormatReward());
    var reward = run.replicas("reward", Reward.class, worth, replicas);
    var loss = SurrogateLoss.dapo().withKl(new Kl.Penalty(Kl.K3, s.kl()));
    var learner = new PolicyLearner(loop.trainer(), loss, loop::reference);
    var sampling = SamplingParams.defaults().withN(s.samples()).withMaxTokens(s.maxTokens());
    loop.rollouts(slot -> {
      var problem = questions.row(s.training().seed(), slot.position());
      var prompt = Prompt.user(TASK + problem.prompt());
      var rollout = slot.sample(loop.policy(), problem, prompt, sampling);
      return rollout.score(reward, Advantages::grpo);
    });
    for (long step : run.steps(s.training().steps())) {
      var groups = loop.take(step).groups();
      run.record(learner.step(groups));
      loop.publish(step);
      run.samples(groups);
    }
  }
}
