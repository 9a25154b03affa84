/// Teaches a published model to prefer one answer to another: pairs of a chosen and a rejected answer to a prompt, as texts or chats.
import dev.burnish.*;
import dev.burnish.algorithm.preference.PreferenceLoss;
import dev.burnish.data.*;
import dev.burnish.learn.*;
import dev.burnish.nn.LoraConfig;
import dev.burnish.train.*;
import dev.burnish.train.checkpoint.CheckpointConfig;

record Settings(long seed, String model, Path data, String config, String split, DataFiles.OnBadRow badRows, double heldOut, int steps, int batch, int microTokens, int evalEvery, String loss, double beta, double noise, TextConfig text, LoraConfig lora, OptimizerConfig optimizer, TrainConfig train, CheckpointConfig checkpoints) {
  static Settings defaults() {
    return new Settings(1, "", Path.of(""), "default", "train", DataFiles.OnBadRow.FAIL, 0.05, 100, 8, 2048, 20, "sigmoid", 0.1, 0, TextConfig.defaults(), LoraConfig.defaults(), OptimizerConfig.defaults().withLr(1e-6).withWarmup(5).withSchedule("linear"), TrainConfig.defaults(), CheckpointConfig.defaults());
  }
}

void main(String... args) {
  try (var run = Run.start("dpo", Settings.defaults(), args)) {
    var s = run.settings();
    var base = Pretrained.load(s.model());
    base.model().adapt(s.lora(), s.seed());
    var source = DataSource.of(s.data()).withConfig(s.config()).withSplit(s.split());
    var rows = run.loaded(DataFiles.load(source, base.encoder(s.text())::pair, s.badRows()));
    var pairs = rows.split(s.heldOut(), s.seed(), PreferencePair::promptKey);
    var trainer = run.keep(base.model(), base.tokenizer(), new LocalTrainer(base.model().decoder(), s.optimizer(), s.steps(), s.train().options()));
    run.checkpoints(s.checkpoints());
    run.pin("trainPairs", pairs.training().size());
    run.pin("pairsPerStep", s.batch());
    var loss = PreferenceLoss.named(s.loss(), s.beta(), s.noise());
    var learner = new PreferenceLearner(trainer, loss, run.reference(base.model()), s.microTokens());
    if (!run.goesOn() && s.evalEvery() > 0) run.summary("evalLossBefore", learner.evaluate(pairs.heldOut()).loss());

    for (long step : run.steps(s.steps())) {
      run.record(learner.step(pairs.batch(s.seed(), step, s.batch())));
      if (run.every(s.evalEvery())) run.record(learner.evaluate(pairs.heldOut()));
    }
  }
}
