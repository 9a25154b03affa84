package dev.burnish.learn;

import dev.burnish.algorithm.preference.PreferenceLoss;
import dev.burnish.data.PreferencePair;
import dev.burnish.kernel.Numerics;
import dev.burnish.model.LanguageModel;
import dev.burnish.train.MicroBatch;
import dev.burnish.train.PackedTokens;
import dev.burnish.train.ReferenceModel;
import dev.burnish.train.StepReport;
import dev.burnish.train.Trainer;
import dev.burnish.train.objective.PairTargets.Answer;
import dev.burnish.train.objective.PreferenceObjective;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Trains a policy on preference pairs with a loss of the DPO family, held near a frozen reference.
///
/// The reference's log-probabilities of a pair are kept, since they are the same each time: a
/// further epoch, and a further measurement of held-out pairs, go through the policy alone. They do
/// not depend on what a pair is packed with, so a resumed run, which computes them again, sees the
/// same numbers.
public final class PreferenceLearner {
  /// Pairs whose reference log-probabilities are kept, of about 100 bytes each.
  private static final int MOST_KEPT = 1 << 18;

  private final Trainer trainer;
  private final PreferenceLoss loss;
  private final References references;
  private final int maxTokens;

  /// @param reference the policy as it was, such as [LanguageModel#base] of an adapted one; it must
  ///   not change as long as this trainer is used
  /// @param maxTokens of one micro-batch; a longer pair is one of its own
  public PreferenceLearner(
      Trainer trainer, PreferenceLoss loss, LanguageModel reference, int maxTokens) {
    this(trainer, loss, ReferenceModel.of(reference.decoder()), maxTokens, MOST_KEPT);
  }

  /// @param mostKept pairs whose reference log-probabilities are kept
  PreferenceLearner(
      Trainer trainer, PreferenceLoss loss, ReferenceModel reference, int maxTokens, int mostKept) {
    this.trainer = trainer;
    this.loss = loss;
    this.references = new References(reference, maxTokens, mostKept);
    this.maxTokens = maxTokens;
  }

  /// One update from the pairs of a step.
  public PreferenceReport step(List<PreferencePair> pairs) {
    List<PairMicroBatch> micros = pack(pairs, maxTokens);
    Map<Key, Answers> reference = references.of(pairs);
    StepReport report =
        trainer.step(
            micros.stream()
                .map(micro ->
                    new MicroBatch(micro.packed(), objective(micro, reference, pairs.size())))
                .toList());
    PreferenceLoss.Metrics metrics =
        report.metrics().preference().orElse(PreferenceLoss.Metrics.ZERO);
    return new PreferenceReport(report, PreferenceMetrics.of(metrics));
  }

  /// Measures how the present policy judges pairs, without learning from them.
  public PreferenceMetrics evaluate(List<PreferencePair> pairs) {
    List<PairMicroBatch> micros = pack(pairs, maxTokens);
    Map<Key, Answers> reference = references.of(pairs);
    List<float[]> logprobs = trainer.logprobs(packed(micros), Numerics.BATCH_INVARIANT);
    PreferenceLoss.Metrics metrics = PreferenceLoss.Metrics.ZERO;
    for (int i = 0; i < micros.size(); i++) {
      PreferenceObjective objective = objective(micros.get(i), reference, pairs.size());
      metrics = metrics.plus(objective.judge(logprobs.get(i)));
    }
    return PreferenceMetrics.of(metrics);
  }

  /// @param numPairs of the whole step
  private PreferenceObjective objective(
      PairMicroBatch micro, Map<Key, Answers> reference, long numPairs) {
    return new PreferenceObjective(
        loss,
        micro.targets(),
        micro.pairs().stream().mapToDouble(pair -> of(reference, pair).chosen()).toArray(),
        micro.pairs().stream().mapToDouble(pair -> of(reference, pair).rejected()).toArray(),
        numPairs);
  }

  private static List<PairMicroBatch> pack(List<PreferencePair> pairs, int maxTokens) {
    if (pairs.isEmpty()) {
      throw new IllegalArgumentException(
          "there must be preference pairs: pairs=0; raise heldOut, or set evalEvery=0");
    }
    return Packing.bins(pairs, PreferencePair::numTokens, maxTokens).stream()
        .map(PairMicroBatch::of)
        .toList();
  }

  private static List<PackedTokens> packed(List<PairMicroBatch> micros) {
    return micros.stream().map(PairMicroBatch::packed).toList();
  }

  private static Answers of(Map<Key, Answers> reference, PreferencePair pair) {
    return Optional.ofNullable(reference.get(Key.of(pair))).orElseThrow();
  }

  /// A pair by its tokens: equal pairs have equal keys; others differ, except with a chance of
  /// about one in 2^150.
  private record Key(long prompt, long chosen, long rejected) {
    static Key of(PreferencePair pair) {
      return new Key(pair.promptKey(), pair.chosenKey(), pair.rejectedKey());
    }
  }

  /// Log-probabilities of the answers of a pair.
  private record Answers(double chosen, double rejected) {}

  /// The log-probabilities of pairs under the reference; those of the first pairs are kept.
  private static final class References {
    private final ReferenceModel model;
    private final int maxTokens;
    private final int mostKept;
    private final Map<Key, Answers> kept = new HashMap<>();

    References(ReferenceModel model, int maxTokens, int mostKept) {
      this.model = model;
      this.maxTokens = maxTokens;
      this.mostKept = mostKept;
    }

    Map<Key, Answers> of(List<PreferencePair> pairs) {
      Map<Key, Answers> result = new HashMap<>();
      Map<Key, PreferencePair> fresh = new LinkedHashMap<>();
      for (PreferencePair pair : pairs) {
        Key key = Key.of(pair);
        Optional.ofNullable(kept.get(key))
            .ifPresentOrElse(known -> result.put(key, known), () -> fresh.put(key, pair));
      }
      if (!fresh.isEmpty()) {
        compute(List.copyOf(fresh.values())).forEach((key, answers) -> keep(result, key, answers));
      }
      return result;
    }

    private void keep(Map<Key, Answers> result, Key key, Answers answers) {
      result.put(key, answers);
      if (kept.size() < mostKept) {
        kept.put(key, answers);
      }
    }

    private Map<Key, Answers> compute(List<PreferencePair> pairs) {
      List<PairMicroBatch> micros = pack(pairs, maxTokens);
      List<float[]> logprobs = model.logprobs(packed(micros));
      Map<Key, Answers> result = new LinkedHashMap<>();
      for (int i = 0; i < micros.size(); i++) {
        double[] chosen = micros.get(i).targets().sums(logprobs.get(i), Answer.CHOSEN);
        double[] rejected = micros.get(i).targets().sums(logprobs.get(i), Answer.REJECTED);
        for (int pair = 0; pair < chosen.length; pair++) {
          result.put(
              Key.of(micros.get(i).pairs().get(pair)), new Answers(chosen[pair], rejected[pair]));
        }
      }
      return result;
    }
  }
}
