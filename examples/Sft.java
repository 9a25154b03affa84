/// Teaches a published model to answer as a data set does: prompts with answers, chats or plain
/// texts, from files or folders of Hugging Face.
import dev.burnish.*;
import dev.burnish.config.*;
import dev.burnish.data.*;
import dev.burnish.learn.*;

record Settings(
    @Inlined TrainingSettings training,
    @Inlined DataSettings rows,
    double heldOut,
    int batch,
    int microTokens,
    int evalEvery,
    int patience,
    TextConfig text) {
  static Settings defaults() {
    var training =
        TrainingSettings.defaults()
            .withOptimizer(o -> o.withLr(2e-5).withWarmup(5).withSchedule("cosine"));
    return new Settings(
        training, DataSettings.defaults(), 0.05, 8, 2048, 20, 0, TextConfig.defaults());
  }
}

void main(String... args) {
  try (var run = Run.start("sft", Settings.defaults(), args)) {
    var s = run.settings();
    long seed = s.training().seed();
    var base = Pretrained.load(s.training().model());
    var rows = run.loaded(s.rows().load(base.encoder(s.text())::document));
    var documents = rows.split(s.heldOut(), seed, TokenizedExample::contentKey);
    var learner = new SupervisedLearner(run.trainer(base, s.training()), s.microTokens());
    run.pin("trainDocuments", documents.training().size());
    run.pin("documentsPerStep", s.batch());
    run.compare("held-out loss", "evalLossBefore", "evalLoss");
    if (run.isFresh() && s.evalEvery() > 0) {
      run.summary("evalLossBefore", learner.evaluate(documents.heldOut()).loss());
    }

    for (long step : run.steps(s.training().steps())) {
      run.record(learner.step(documents.batch(seed, step, s.batch())));
      if (run.every(s.evalEvery())) {
        var heldOut = learner.evaluate(documents.heldOut());
        run.record(heldOut);
        run.stopUnlessBetter("evalLoss", heldOut.loss(), s.patience());
      }
    }
  }
}
