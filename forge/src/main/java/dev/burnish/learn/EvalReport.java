package dev.burnish.learn;

import static dev.burnish.metrics.Reduce.LAST;

import dev.burnish.metrics.Recordable;
import dev.burnish.metrics.RunRecorder;

/// Report of the prediction of held-out documents.
///
/// @param loss mean negative log-likelihood of a target, in nats
/// @param targets predicted
public record EvalReport(double loss, long targets) implements Recordable {
  /// The number of equally likely tokens that would give the same loss.
  public double perplexity() {
    return Math.exp(loss);
  }

  @Override
  public void recordTo(RunRecorder run) {
    run.record("evalLoss", loss, LAST);
    run.record("perplexity", perplexity(), LAST);
    run.summarize("evalLoss", loss);
    run.summarize("perplexity", perplexity());
  }
}
