/// Teaches a published model to prefer one answer to another: pairs of a chosen and a rejected
/// answer to a prompt, as texts or chats.
import dev.burnish.*;
import dev.burnish.algorithm.preference.*;
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
    String loss,
    double beta,
    double noise,
    TextConfig text) {
  static Settings defaults() {
    var training =
        TrainingSettings.defaults()
            .withOptimizer(o -> o.withLr(1e-6).withWarmup(5).withSchedule("linear"));
    var text = TextConfig.defaults();
    return new Settings(
        training, DataSettings.defaults(), 0.05, 8, 2048, 20, "sigmoid", 0.1, 0, text);
  }
}

void main(String... args) {
  try (var run = Run.start("dpo", Settings.defaults(), args)) {
    var s = run.settings();
    long seed = s.training().seed();
    var base = Pretrained.load(s.training().model());
    var rows = run.loaded(s.rows().load(base.encoder(s.text())::pair));
    var pairs = rows.split(s.heldOut(), seed, PreferencePair::promptKey);
    var trainer = run.trainer(base, s.training());
    var loss = PreferenceLoss.named(s.loss(), s.beta(), s.noise());
    var reference = run.reference(base.model());
    var learner = new PreferenceLearner(trainer, loss, reference, s.microTokens());
    run.pin("trainPairs", pairs.training().size());
    run.pin("pairsPerStep", s.batch());
    run.compare("held-out loss", "evalLossBefore", "evalLoss");
    if (run.isFresh() && s.evalEvery() > 0) {
      run.summary("evalLossBefore", learner.evaluate(pairs.heldOut()).loss());
    }

    for (long step : run.steps(s.training().steps())) {
      run.record(learner.step(pairs.batch(seed, step, s.batch())));
      if (run.every(s.evalEvery())) {
        run.record(learner.evaluate(pairs.heldOut()));
      }
    }
  }
}
