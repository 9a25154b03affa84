/// Teaches a published model to answer as a data set does: prompts with answers, chats or plain texts, from files or folders of Hugging Face.
import dev.burnish.*;
import dev.burnish.data.*;
import dev.burnish.learn.*;
import dev.burnish.nn.LoraConfig;
import dev.burnish.train.*;
import dev.burnish.train.checkpoint.CheckpointConfig;

record Settings(long seed, String model, Path data, String config, String split, DataFiles.OnBadRow badRows, double heldOut, int steps, int batch, int microTokens, int evalEvery, int patience, TextConfig text, LoraConfig lora, OptimizerConfig optimizer, TrainConfig train, CheckpointConfig checkpoints) {
  static Settings defaults() {
    return new Settings(1, "", Path.of(""), "default", "train", DataFiles.OnBadRow.FAIL, 0.05, 100, 8, 2048, 20, 0, TextConfig.defaults(), LoraConfig.defaults(), OptimizerConfig.defaults().withLr(2e-5).withWarmup(5).withSchedule("cosine"), TrainConfig.defaults(), CheckpointConfig.defaults());
  }
}

void main(String... args) {
  try (var run = Run.start("sft", Settings.defaults(), args)) {
    var s = run.settings();
    var base = Pretrained.load(s.model());
    base.model().adapt(s.lora(), s.seed());
    var source = DataSource.of(s.data()).withConfig(s.config()).withSplit(s.split());
    var rows = run.loaded(DataFiles.load(source, base.encoder(s.text())::document, s.badRows()));
    var documents = rows.split(s.heldOut(), s.seed(), TokenizedExample::contentKey);
    var trainer = run.keep(base.model(), base.tokenizer(), new LocalTrainer(base.model().decoder(), s.optimizer(), s.steps(), s.train().options()));
    var learner = new SupervisedLearner(trainer, s.microTokens());
    run.checkpoints(s.checkpoints());
    run.pin("trainDocuments", documents.training().size());
    run.pin("documentsPerStep", s.batch());
    if (!run.goesOn() && s.evalEvery() > 0) run.summary("evalLossBefore", learner.evaluate(documents.heldOut()).loss());

    for (long step : run.steps(s.steps())) {
      run.record(learner.step(documents.batch(s.seed(), step, s.batch())));
      if (!run.every(s.evalEvery())) continue;
      var heldOut = learner.evaluate(documents.heldOut());
      run.record(heldOut);
      run.stopUnlessBetter("evalLoss", heldOut.loss(), s.patience());
    }
  }
}
