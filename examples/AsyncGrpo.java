/// GRPO in two functions that run at the same time: rollouts make groups for later steps while
/// training does the present one. Which weights may sample a group is `maxStaleness`: 0 makes the
/// same program synchronous.
import dev.burnish.*;
import dev.burnish.algorithm.*;
import dev.burnish.algorithm.advantage.*;
import dev.burnish.config.*;
import dev.burnish.controller.*;
import dev.burnish.data.*;
import dev.burnish.env.*;
import dev.burnish.learn.*;
import dev.burnish.rl.loop.*;
import dev.burnish.rollout.*;

record Settings(
    @Inlined TrainingSettings training,
    @Inlined DataSettings rows,
    @Inlined LoopSettings loop,
    int prompts,
    int samples,
    int maxTokens) {
  static Settings defaults() {
    var training = TrainingSettings.defaults().withOptimizer(o -> o.withLr(1e-5));
    var loop = LoopSettings.defaults().withMaxStaleness(1);
    return new Settings(training, DataSettings.defaults(), loop, 4, 8, 64);
  }
}

void main(String... args) {
  try (var run = Run.start("async-grpo", Settings.defaults(), args)) {
    var s = run.settings();
    var questions = run.loaded(Gsm8k.load(s.rows().source(), s.rows().badRows()));
    var base = Pretrained.load(s.training().model());
    var loop = run.loop(base, s.training(), s.loop(), s.prompts());
    int replicas = s.loop().rewardReplicas();
    var reward = run.replicas("reward", Reward.class, MathAnswer::new, replicas);
    var sampling = SamplingParams.defaults().withN(s.samples()).withMaxTokens(s.maxTokens());
    loop.rollouts(slot -> {
      var problem = questions.row(s.training().seed(), slot.position());
      return rollout(slot, problem, loop.policy(), sampling, reward);
    });
    training(run, loop, new PolicyLearner(loop.trainer(), SurrogateLoss.dapo()));
  }
}

ScoredGroup rollout(Slot slot, Problem problem, Generator policy, SamplingParams s, Reward reward) {
  var rollout = slot.sample(policy, problem, Prompt.user(problem.prompt()), s);
  return rollout.score(reward, Advantages::grpo);
}

void training(Run<Settings> run, TrainingLoop loop, PolicyLearner learner) {
  for (long step : run.steps(run.settings().training().steps())) {
    var groups = loop.take(step).groups(); // waits for the rollouts of this step
    run.record(learner.step(groups));
    loop.publish(step); // generators take the weights over; rollouts of later steps begin
    run.samples(groups);
  }
}
