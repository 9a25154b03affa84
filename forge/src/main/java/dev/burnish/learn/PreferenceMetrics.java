package dev.burnish.learn;

import static dev.burnish.metrics.Reduce.LAST;

import dev.burnish.algorithm.preference.PreferenceLoss;
import dev.burnish.metrics.Recordable;
import dev.burnish.metrics.RunRecorder;

/// Metrics of how a policy judges preference pairs. Recorded on their own they are those of
/// held-out pairs: under keys that begin with `eval`, with loss and accuracy for the run as a whole
/// too.
///
/// @param chosenReward mean of `beta (logprobs - referenceLogprobs)` of the chosen answers
/// @param rejectedReward of the rejected ones
/// @param accuracy share of the pairs whose chosen answer has the larger reward
/// @param chosenLogprob mean log-probability of a chosen answer
/// @param rejectedLogprob of a rejected one
public record PreferenceMetrics(
    double loss,
    double chosenReward,
    double rejectedReward,
    double accuracy,
    double chosenLogprob,
    double rejectedLogprob)
    implements Recordable {
  static PreferenceMetrics of(PreferenceLoss.Metrics means) {
    return new PreferenceMetrics(
        means.loss(),
        means.chosenReward(),
        means.rejectedReward(),
        means.accuracy(),
        means.chosenLogprob(),
        means.rejectedLogprob());
  }

  /// The margin by which the chosen answers lead.
  public double margin() {
    return chosenReward - rejectedReward;
  }

  @Override
  public void recordTo(RunRecorder run) {
    run.record("evalLoss", loss, LAST);
    recordTo(run, "eval");
    run.summarize("evalLoss", loss);
    run.summarize("evalAccuracy", accuracy);
  }

  void recordTo(RunRecorder run, String prefix) {
    run.record(key(prefix, "margin"), margin(), LAST);
    run.record(key(prefix, "accuracy"), accuracy, LAST);
    run.record(key(prefix, "chosenReward"), chosenReward, LAST);
    run.record(key(prefix, "rejectedReward"), rejectedReward, LAST);
    run.record(key(prefix, "chosenLogp"), chosenLogprob, LAST);
    run.record(key(prefix, "rejectedLogp"), rejectedLogprob, LAST);
  }

  private static String key(String prefix, String name) {
    return prefix.isEmpty()
        ? name
        : prefix + Character.toUpperCase(name.charAt(0)) + name.substring(1);
  }
}
