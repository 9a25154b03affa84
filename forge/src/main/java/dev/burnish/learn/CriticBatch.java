package dev.burnish.learn;

import dev.burnish.algorithm.Denominators;
import dev.burnish.algorithm.Kl;
import dev.burnish.algorithm.PolicyLoss;
import dev.burnish.algorithm.TokenBatch;
import dev.burnish.algorithm.TokenLayout;
import dev.burnish.algorithm.advantage.Gae;
import dev.burnish.algorithm.advantage.Returns;
import dev.burnish.algorithm.advantage.ValueBatch;
import dev.burnish.algorithm.advantage.ValueLoss;
import dev.burnish.algorithm.advantage.Whitening;
import dev.burnish.train.MicroBatch;
import dev.burnish.train.PackedTokens;
import dev.burnish.train.objective.PolicyObjective;
import dev.burnish.train.objective.ValueObjective;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// The mini-batches of a step of PPO with what the critic made of them: advantages that were
/// whitened over all of them, and returns.
///
/// @param miniBatches the micro-batches of each mini-batch
record CriticBatch(List<List<Micro>> miniBatches, PpoReport.Critique critique) {
  /// A micro-batch.
  ///
  /// @param tokens with whitened advantages
  /// @param values old values and returns
  private record Micro(PackedTokens packed, TokenBatch tokens, ValueBatch values) {}

  /// @param values the critic's, of the micro-batches of all mini-batches in order
  /// @param reference log-probabilities under the reference, likewise
  static CriticBatch of(
      List<EpisodeBatch> batches,
      List<float[]> values,
      Optional<List<float[]>> reference,
      PpoConfig config) {
    Gae gae = new Gae(config.gamma(), config.lambda(), Gae.Masked.SKIP);
    Sums sums = new Sums();
    List<Gae.Estimate> estimates = new ArrayList<>();
    int micro = 0;
    for (EpisodeBatch batch : batches) {
      for (int i = 0; i < batch.micros().size(); i++) {
        TokenBatch tokens = batch.tokens().get(i);
        double[] kl = kl(tokens, reference, micro, Kl.K1);
        double[] rewards =
            Returns.outcomeLessKl(tokens.layout(), batch.rewards().get(i), kl, config.kl());
        double[] old = TokenBatch.widen(values.get(micro));
        Gae.Estimate estimate = gae.estimate(tokens.layout(), rewards, old);
        estimates.add(estimate);
        sums.add(tokens.layout(), old, estimate, kl(tokens, reference, micro, Kl.K3));
        micro++;
      }
    }
    return new CriticBatch(whitened(batches, values, estimates), sums.critique());
  }

  /// The divergence of the policy that sampled from the reference, at each token.
  private static double[] kl(
      TokenBatch tokens, Optional<List<float[]>> reference, int micro, Kl estimator) {
    double[] kl = new double[tokens.layout().numTokens()];
    reference.ifPresent(of ->
        Arrays.setAll(kl, t -> estimator.value(tokens.oldLogprobs()[t] - of.get(micro)[t], 1)));
    return kl;
  }

  private static List<List<Micro>> whitened(
      List<EpisodeBatch> batches, List<float[]> values, List<Gae.Estimate> estimates) {
    List<TokenBatch> tokens = batches.stream().flatMap(b -> b.tokens().stream()).toList();
    double[] advantages =
        Whitening.SAMPLE.apply(
            estimates.stream().flatMapToDouble(e -> Arrays.stream(e.advantages())).toArray(),
            mask(tokens));
    List<List<Micro>> result = new ArrayList<>();
    int micro = 0;
    int from = 0;
    for (EpisodeBatch batch : batches) {
      List<Micro> micros = new ArrayList<>();
      for (PackedTokens packed : batch.micros()) {
        TokenBatch of = tokens.get(micro);
        int to = from + of.layout().numTokens();
        double[] old = TokenBatch.widen(values.get(micro));
        micros.add(
            new Micro(
                packed,
                of.withAdvantages(Arrays.copyOfRange(advantages, from, to)),
                new ValueBatch(of.layout(), old, old, estimates.get(micro).returns())));
        from = to;
        micro++;
      }
      result.add(micros);
    }
    return result;
  }

  private static boolean[] mask(List<TokenBatch> tokens) {
    boolean[] mask = new boolean[tokens.stream().mapToInt(b -> b.layout().numTokens()).sum()];
    int from = 0;
    for (TokenBatch batch : tokens) {
      int count = batch.layout().numTokens();
      System.arraycopy(batch.layout().mask(), 0, mask, from, count);
      from += count;
    }
    return mask;
  }

  /// Adds up values, returns and divergences over targets.
  private static final class Sums {
    private long count;
    private double values;
    private double returns;
    private double squaredReturns;
    private double errors;
    private double squaredErrors;
    private double kl;

    void add(TokenLayout layout, double[] old, Gae.Estimate estimate, double[] divergence) {
      for (int t = 0; t < old.length; t++) {
        if (layout.mask()[t]) {
          double goal = estimate.returns()[t];
          double error = goal - old[t];
          count++;
          values += old[t];
          returns += goal;
          squaredReturns += goal * goal;
          errors += error;
          squaredErrors += error * error;
          kl += divergence[t];
        }
      }
    }

    PpoReport.Critique critique() {
      double n = Math.max(1, count);
      double spread = squaredReturns - returns * returns / n;
      double left = squaredErrors - errors * errors / n;
      return new PpoReport.Critique(
          values / n, returns / n, spread > 1e-12 * n ? 1 - left / spread : 0, kl / n);
    }
  }

  /// The micro-batches of an update of the policy.
  ///
  /// @param entropyBonus coefficient of the mean entropy
  List<MicroBatch> policyBatches(
      int mini, PolicyLoss loss, double entropyBonus, Denominators global) {
    return miniBatches.get(mini).stream()
        .map(micro ->
            new MicroBatch(
                micro.packed(), new PolicyObjective(loss, entropyBonus, micro.tokens(), global)))
        .toList();
  }

  /// The micro-batches of an update of the critic.
  List<MicroBatch> criticBatches(int mini, ValueLoss loss, Denominators global) {
    return miniBatches.get(mini).stream()
        .map(micro ->
            new MicroBatch(micro.packed(), new ValueObjective(loss, micro.values(), global)))
        .toList();
  }
}
