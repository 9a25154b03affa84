/// Post-trains a published model with GRPO on GSM8K: the number after `####` or in `\boxed{}` is to be the answer.
import dev.burnish.*;
import dev.burnish.algorithm.*;
import dev.burnish.algorithm.advantage.*;
import dev.burnish.data.*;
import dev.burnish.env.*;
import dev.burnish.learn.*;
import dev.burnish.nn.LoraConfig;
import dev.burnish.rollout.*;
import dev.burnish.tensor.KeyedRandom;
import dev.burnish.train.*;
import dev.burnish.train.checkpoint.CheckpointConfig;

record Settings(long seed, String model, Path data, String config, String split, DataFiles.OnBadRow badRows, int steps, int prompts, int samples, int maxTokens, double kl, double formatReward, LoraConfig lora, OptimizerConfig optimizer, TrainConfig train, CheckpointConfig checkpoints) {
  static Settings defaults() {
    return new Settings(1, "", Path.of(""), "default", "train", DataFiles.OnBadRow.FAIL, 100, 4, 8, 64, 0, 0.1, LoraConfig.defaults(), OptimizerConfig.defaults().withLr(1e-5), TrainConfig.defaults(), CheckpointConfig.defaults());
  }
}

static final String TASK = "Solve the problem step by step. End with #### and the number.\n\n";

void main(String... args) {
  try (var run = Run.start("grpo", Settings.defaults(), args)) {
    var s = run.settings();
    var source = DataSource.of(s.data()).withConfig(s.config()).withSplit(s.split());
    var questions = run.loaded(Gsm8k.load(source, s.badRows()));
    var base = Pretrained.load(s.model());
    base.model().adapt(s.lora(), s.seed());
    var policy = base.generator();
    var trainer = run.keep(base.model(), base.tokenizer(), new LocalTrainer(base.model().decoder(), s.optimizer(), s.steps(), s.train().options()));
    run.checkpoints(s.checkpoints());
    var loss = SurrogateLoss.dapo().withKl(new Kl.Penalty(Kl.K3, s.kl()));
    var learner = s.kl() > 0 ? new PolicyLearner(trainer, loss, run.reference(base.model())) : new PolicyLearner(trainer, loss);
    var reward = new MathAnswer().plus(s.formatReward(), new FormatReward());
    var sampling = SamplingParams.defaults().withN(s.samples()).withMaxTokens(s.maxTokens());

    for (long step : run.steps(s.steps())) {
      var problems = questions.batch(s.seed(), step, s.prompts());
      var draw = sampling.withSeed(KeyedRandom.bits(s.seed(), "rollouts", step));
      var rollouts = Rollout.sample(policy, problems, q -> Prompt.user(TASK + q.prompt()), draw);
      var groups = Rollout.score(rollouts, reward, Advantages::grpo);
      run.record(policy.throughput());
      run.record(learner.step(groups));
      run.samples(groups);
    }
  }
}
