package dev.burnish.learn;

import dev.burnish.algorithm.preference.PairBatch;
import dev.burnish.algorithm.preference.PreferenceLoss;
import dev.burnish.data.PreferencePair;
import dev.burnish.kernel.Numerics;
import dev.burnish.model.LanguageModel;
import dev.burnish.nn.Decoder;
import dev.burnish.nn.TargetLoss;
import dev.burnish.train.MicroBatch;
import dev.burnish.train.PackedTokens;
import dev.burnish.train.StepReport;
import dev.burnish.train.Trainer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToDoubleFunction;

/// Trains a policy on preference pairs with a loss of the DPO family, held near a frozen reference.
///
/// What the reference says of a pair is kept, since it says the same each time: a further epoch,
/// and a further measurement of held-out pairs, go through the policy alone. It does not depend on
/// what a pair is packed with, so a resumed run, which computes it again, sees the same numbers.
public final class PreferenceLearner {
  /// Pairs whose reference is kept, of 100 bytes each or so.
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
    this(trainer, loss, reference, maxTokens, MOST_KEPT);
  }

  /// @param mostKept pairs whose reference is kept
  PreferenceLearner(
      Trainer trainer, PreferenceLoss loss, LanguageModel reference, int maxTokens, int mostKept) {
    this.trainer = trainer;
    this.loss = loss;
    this.references = new References(reference.decoder(), maxTokens, mostKept);
    this.maxTokens = maxTokens;
  }

  /// One update from the pairs of a step.
  public PreferenceReport step(List<PreferencePair> pairs) {
    List<PairMicroBatch> micros = pack(pairs, maxTokens);
    PairStep step = new PairStep(references.of(pairs), pairs.size());
    StepReport report = trainer.step(step.micros(micros));
    return new PreferenceReport(report, step.metrics);
  }

  /// How the present policy judges pairs, without learning from them.
  public PreferenceMetrics evaluate(List<PreferencePair> pairs) {
    List<PairMicroBatch> micros = pack(pairs, maxTokens);
    Map<Key, Answers> reference = references.of(pairs);
    List<float[]> logprobs = trainer.logprobs(packed(micros), Numerics.BATCH_INVARIANT);
    PreferenceMetrics metrics = PreferenceMetrics.ZERO;
    for (int i = 0; i < micros.size(); i++) {
      PairBatch batch = batch(micros.get(i), logprobs.get(i), reference);
      metrics = metrics.plus(metrics(batch, loss.evaluate(batch, pairs.size()), pairs.size()));
    }
    return metrics;
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

  private static PairBatch batch(
      PairMicroBatch micro, float[] logprobs, Map<Key, Answers> reference) {
    ToDoubleFunction<PreferencePair> chosen = pair -> of(reference, pair).chosen();
    ToDoubleFunction<PreferencePair> rejected = pair -> of(reference, pair).rejected();
    return micro.batch(
        logprobs,
        micro.pairs().stream().mapToDouble(chosen).toArray(),
        micro.pairs().stream().mapToDouble(rejected).toArray());
  }

  private static Answers of(Map<Key, Answers> reference, PreferencePair pair) {
    return Optional.ofNullable(reference.get(Key.of(pair))).orElseThrow();
  }

  /// The share of a micro-batch in the means over all pairs.
  private static PreferenceMetrics metrics(
      PairBatch batch, PreferenceLoss.Result result, long pairs) {
    return new PreferenceMetrics(
        result.value(),
        Arrays.stream(result.chosenRewards()).sum() / pairs,
        Arrays.stream(result.rejectedRewards()).sum() / pairs,
        (double) result.numRight() / pairs,
        Arrays.stream(batch.chosenLogprobs()).sum() / pairs,
        Arrays.stream(batch.rejectedLogprobs()).sum() / pairs);
  }

  /// A pair by its tokens: equal pairs have equal keys, others differ, except for one in 2^150 or
  /// so.
  private record Key(long prompt, long chosen, long rejected) {
    static Key of(PreferencePair pair) {
      return new Key(pair.promptKey(), pair.chosenKey(), pair.rejectedKey());
    }
  }

  /// Log-probabilities of the answers of a pair.
  private record Answers(double chosen, double rejected) {}

  /// What the reference says of pairs; of the first ones it is kept.
  private static final class References {
    private final Decoder model;
    private final int maxTokens;
    private final int mostKept;
    private final Map<Key, Answers> kept = new HashMap<>();

    References(Decoder model, int maxTokens, int mostKept) {
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
      List<float[]> logprobs = PolicyLearner.logprobs(model, packed(micros));
      Map<Key, Answers> result = new LinkedHashMap<>();
      for (int i = 0; i < micros.size(); i++) {
        double[] chosen = micros.get(i).sums(logprobs.get(i), 0);
        double[] rejected = micros.get(i).sums(logprobs.get(i), 1);
        for (int pair = 0; pair < chosen.length; pair++) {
          result.put(
              Key.of(micros.get(i).pairs().get(pair)), new Answers(chosen[pair], rejected[pair]));
        }
      }
      return result;
    }
  }

  /// One step of a loss of whole answers: all log-probabilities of a micro-batch are known before
  /// its gradient.
  private final class PairStep {
    private final Map<Key, Answers> reference;
    private final long pairs;
    private PreferenceMetrics metrics = PreferenceMetrics.ZERO;

    PairStep(Map<Key, Answers> reference, long pairs) {
      this.reference = reference;
      this.pairs = pairs;
    }

    List<MicroBatch> micros(List<PairMicroBatch> micros) {
      return micros.stream()
          .map(micro -> new MicroBatch(micro.packed(), new OfMicro(micro)))
          .toList();
    }

    private final class OfMicro implements TargetLoss {
      private final PairMicroBatch micro;

      OfMicro(PairMicroBatch micro) {
        this.micro = micro;
      }

      @Override
      public boolean needsAll() {
        return true;
      }

      @Override
      public double evaluate(Chunk chunk) {
        PairBatch batch = batch(micro, chunk.logprobs(), reference);
        PreferenceLoss.Result result = loss.evaluate(batch, pairs);
        micro.spread(
            result.chosenGradient(),
            result.rejectedGradient(),
            chunk.from(),
            chunk.to(),
            chunk.dLogprobs());
        if (chunk.from() > 0) {
          return 0;
        }
        metrics = metrics.plus(metrics(batch, result, pairs));
        return result.value();
      }
    }
  }
}
