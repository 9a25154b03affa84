package dev.burnish.rl;

import dev.burnish.algorithm.preference.PairBatch;
import dev.burnish.algorithm.preference.PreferenceLoss;
import dev.burnish.model.LanguageModel;
import dev.burnish.nn.Decoder;
import dev.burnish.train.MicroBatch;
import dev.burnish.train.Objective;
import dev.burnish.train.StepReport;
import dev.burnish.train.Trainer;
import java.util.Arrays;
import java.util.List;

/// Trains a policy on preference pairs with a loss of the DPO family, held near a frozen reference.
///
/// The reference goes over the pairs of each step, packed as the policy's are: nothing is kept
/// between steps, so a run that goes on sees the same numbers.
public final class PreferenceTrainer {
  private final Trainer trainer;
  private final PreferenceLoss loss;
  private final Decoder reference;
  private final int maxTokens;

  /// @param reference the policy as it was, such as [LanguageModel#base] of an adapted one
  /// @param maxTokens of one micro-batch; a longer pair is one of its own
  public PreferenceTrainer(
      Trainer trainer, PreferenceLoss loss, LanguageModel reference, int maxTokens) {
    this.trainer = trainer;
    this.loss = loss;
    this.reference = reference.decoder();
    this.maxTokens = maxTokens;
  }

  /// One update from the pairs of a step.
  public PreferenceReport step(List<PreferencePair> pairs) {
    List<PairMicro> micros = pack(pairs);
    List<MicroBatch> batches = micros.stream().map(PairMicro::micro).toList();
    PairObjective objective =
        new PairObjective(micros, PolicyTrainer.logProbs(reference, batches), pairs.size());
    StepReport report = trainer.step(batches, objective);
    return new PreferenceReport(report, objective.metrics);
  }

  /// How the present policy judges pairs, without learning from them.
  public PreferenceMetrics evaluate(List<PreferencePair> pairs) {
    List<PairMicro> micros = pack(pairs);
    List<MicroBatch> batches = micros.stream().map(PairMicro::micro).toList();
    List<float[]> logp = trainer.logProbs(batches);
    List<float[]> referenceLogp = PolicyTrainer.logProbs(reference, batches);
    PreferenceMetrics metrics = PreferenceMetrics.ZERO;
    for (int i = 0; i < micros.size(); i++) {
      PairBatch batch = micros.get(i).batch(logp.get(i), referenceLogp.get(i));
      metrics = metrics.plus(metrics(batch, loss.evaluate(batch, pairs.size()), pairs.size()));
    }
    return metrics;
  }

  private List<PairMicro> pack(List<PreferencePair> pairs) {
    if (pairs.isEmpty()) {
      throw new IllegalArgumentException(
          "preference pairs are needed: pairs=0; raise heldOut, or set evalEvery=0");
    }
    return Packing.bins(pairs, PreferencePair::numTokens, maxTokens).stream()
        .map(PairMicro::of)
        .toList();
  }

  /// The share of a micro-batch in the means over all pairs.
  private static PreferenceMetrics metrics(
      PairBatch batch, PreferenceLoss.Result result, long pairs) {
    return new PreferenceMetrics(
        result.value(),
        Arrays.stream(result.chosenRewards()).sum() / pairs,
        Arrays.stream(result.rejectedRewards()).sum() / pairs,
        (double) result.numRight() / pairs,
        Arrays.stream(batch.chosenLogp()).sum() / pairs,
        Arrays.stream(batch.rejectedLogp()).sum() / pairs);
  }

  /// A loss of whole answers: all log-probabilities of a micro-batch are known before its gradient.
  private final class PairObjective implements Objective {
    private final List<PairMicro> micros;
    private final List<float[]> referenceLogp;
    private final long pairs;
    private PreferenceMetrics metrics = PreferenceMetrics.ZERO;

    PairObjective(List<PairMicro> micros, List<float[]> referenceLogp, long pairs) {
      this.micros = micros;
      this.referenceLogp = referenceLogp;
      this.pairs = pairs;
    }

    @Override
    public boolean needsAll(int micro) {
      return true;
    }

    @Override
    public double gradient(
        int micro,
        int from,
        int to,
        float[] logp,
        float[] entropy,
        float[] dLogp,
        float[] dEntropy) {
      PairBatch batch = micros.get(micro).batch(logp, referenceLogp.get(micro));
      PreferenceLoss.Result result = loss.evaluate(batch, pairs);
      micros.get(micro).spread(result.chosenGradient(), result.rejectedGradient(), from, to, dLogp);
      if (from > 0) {
        return 0;
      }
      metrics = metrics.plus(metrics(batch, result, pairs));
      return result.value();
    }
  }
}
