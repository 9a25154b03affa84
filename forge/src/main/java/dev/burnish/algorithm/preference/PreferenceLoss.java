package dev.burnish.algorithm.preference;

import java.util.Arrays;

/// The DPO family: a function of `h = (chosen - refChosen) - (rejected - refRejected)`.
///
/// Source: Rafailov et al. 2023; TRL `dpo_trainer.py`, OpenRLHF `models/loss.py`.
public sealed interface PreferenceLoss {
  /// `-log sigmoid(beta h)`.
  record Sigmoid(double beta) implements PreferenceLoss {
    public Sigmoid {
      positive(beta);
    }
  }

  /// `-log sigmoid(beta h)` of margins per token, TRL's `sigmoid_norm`.
  record NormalizedSigmoid(double beta) implements PreferenceLoss {
    public NormalizedSigmoid {
      positive(beta);
    }
  }

  /// cDPO: labels are wrong with probability `noise`.
  record Conservative(double beta, double noise) implements PreferenceLoss {
    public Conservative {
      positive(beta);
      minority(noise);
    }
  }

  /// Robust DPO: [Conservative] made unbiased.
  record Robust(double beta, double noise) implements PreferenceLoss {
    public Robust {
      positive(beta);
      minority(noise);
    }
  }

  /// `max(0, 1 - beta h)`.
  record Hinge(double beta) implements PreferenceLoss {
    public Hinge {
      positive(beta);
    }
  }

  /// IPO on summed log-probabilities, `(h - 1 / (2 beta))^2`, as in OpenRLHF.
  record Ipo(double beta) implements PreferenceLoss {
    public Ipo {
      positive(beta);
    }
  }

  /// IPO on mean log-probabilities of tokens, as in the paper, TRL and AReaL.
  record NormalizedIpo(double beta) implements PreferenceLoss {
    public NormalizedIpo {
      positive(beta);
    }
  }

  double beta();

  /// The loss of a name, as in TRL: sigmoid, sigmoid_norm, robust, cdpo, hinge, ipo (on mean
  /// log-probabilities) or ipo_sum.
  ///
  /// @param noise of robust and cdpo: the share of labels that are wrong
  static PreferenceLoss named(String name, double beta, double noise) {
    return switch (name) {
      case "sigmoid" -> new Sigmoid(beta);
      case "sigmoid_norm" -> new NormalizedSigmoid(beta);
      case "cdpo" -> new Conservative(beta, noise);
      case "robust" -> new Robust(beta, noise);
      case "hinge" -> new Hinge(beta);
      case "ipo" -> new NormalizedIpo(beta);
      case "ipo_sum" -> new Ipo(beta);
      default ->
          throw new IllegalArgumentException(
              "a preference loss is one of sigmoid, sigmoid_norm, robust, cdpo, hinge, ipo, ipo_sum: loss="
                  + name);
    };
  }

  /// The loss of a pair with this margin.
  default double value(double h) {
    double z = beta() * h;
    return switch (this) {
      case Sigmoid _, NormalizedSigmoid _ -> -Logistic.logSigmoid(z);
      case Conservative(double beta, double noise) ->
          -(1 - noise) * Logistic.logSigmoid(z) - noise * Logistic.logSigmoid(-z);
      case Robust(double beta, double noise) ->
          (-(1 - noise) * Logistic.logSigmoid(z) + noise * Logistic.logSigmoid(-z))
              / (1 - 2 * noise);
      case Hinge _ -> Math.max(0, 1 - z);
      case Ipo(double beta) -> square(h - 1 / (2 * beta));
      case NormalizedIpo(double beta) -> square(h - 1 / (2 * beta));
    };
  }

  /// The derivative of [#value] with respect to the margin.
  default double slope(double h) {
    double z = beta() * h;
    return switch (this) {
      case Sigmoid(double beta) -> -beta * Logistic.sigmoid(-z);
      case NormalizedSigmoid(double beta) -> -beta * Logistic.sigmoid(-z);
      case Conservative(double beta, double noise) ->
          beta * (noise * Logistic.sigmoid(z) - (1 - noise) * Logistic.sigmoid(-z));
      case Robust(double beta, double noise) ->
          -beta
              * ((1 - noise) * Logistic.sigmoid(-z) + noise * Logistic.sigmoid(z))
              / (1 - 2 * noise);
      case Hinge(double beta) -> z < 1 ? -beta : 0;
      case Ipo(double beta) -> 2 * (h - 1 / (2 * beta));
      case NormalizedIpo(double beta) -> 2 * (h - 1 / (2 * beta));
    };
  }

  /// Whether margins are per token.
  default boolean perToken() {
    return switch (this) {
      case NormalizedSigmoid _, NormalizedIpo _ -> true;
      case Sigmoid _, Conservative _, Robust _, Hinge _, Ipo _ -> false;
    };
  }

  /// @param perPair losses, not divided
  /// @param chosenGradient derivative of the value with respect to each chosen log-probability
  /// @param chosenRewards `beta (logprobs - refLogprobs)`: what the policy's implicit reward model
  ///   says
  /// @param numRight pairs whose chosen response has the larger reward
  @SuppressWarnings("ArrayRecordComponent") // handed to the trainer at once; never compared
  record Result(
      double value,
      double[] perPair,
      double[] chosenGradient,
      double[] rejectedGradient,
      double[] chosenRewards,
      double[] rejectedRewards,
      int numRight) {}

  /// Metrics of how a policy judges pairs: means over all pairs of a step; those of its parts add
  /// up.
  ///
  /// @param chosenReward mean of `beta (logprob - reference's)` of the chosen answers
  /// @param accuracy share of the pairs whose chosen answer has the larger reward
  /// @param chosenLogprob mean log-probability of a chosen answer
  record Metrics(
      double loss,
      double chosenReward,
      double rejectedReward,
      double accuracy,
      double chosenLogprob,
      double rejectedLogprob) {
    public static final Metrics ZERO = new Metrics(0, 0, 0, 0, 0, 0);

    /// The metrics of a micro-batch: its share in those of the step.
    ///
    /// @param globalPairs of all micro-batches and ranks
    public static Metrics of(PairBatch batch, Result result, long globalPairs) {
      return new Metrics(
          result.value(),
          Arrays.stream(result.chosenRewards()).sum() / globalPairs,
          Arrays.stream(result.rejectedRewards()).sum() / globalPairs,
          (double) result.numRight() / globalPairs,
          Arrays.stream(batch.chosenLogprobs()).sum() / globalPairs,
          Arrays.stream(batch.rejectedLogprobs()).sum() / globalPairs);
    }

    /// The metrics of two parts together.
    public Metrics plus(Metrics other) {
      return new Metrics(
          loss + other.loss,
          chosenReward + other.chosenReward,
          rejectedReward + other.rejectedReward,
          accuracy + other.accuracy,
          chosenLogprob + other.chosenLogprob,
          rejectedLogprob + other.rejectedLogprob);
    }
  }

  /// The mean over pairs.
  ///
  /// @param globalPairs of all micro-batches and ranks
  default Result evaluate(PairBatch batch, long globalPairs) {
    int pairs = batch.size();
    var result =
        new Result(
            0,
            new double[pairs],
            new double[pairs],
            new double[pairs],
            new double[pairs],
            new double[pairs],
            0);
    double sum = 0;
    int right = 0;
    for (int i = 0; i < pairs; i++) {
      double h = perToken() ? batch.normalizedMargin(i) : batch.margin(i);
      double slope = slope(h) / globalPairs;
      result.perPair[i] = value(h);
      result.chosenGradient[i] = perToken() ? slope / Math.max(1, batch.chosenLengths()[i]) : slope;
      result.rejectedGradient[i] =
          perToken() ? -slope / Math.max(1, batch.rejectedLengths()[i]) : -slope;
      result.chosenRewards[i] = beta() * (batch.chosenLogprobs()[i] - batch.refChosenLogprobs()[i]);
      result.rejectedRewards[i] =
          beta() * (batch.rejectedLogprobs()[i] - batch.refRejectedLogprobs()[i]);
      sum += result.perPair[i] / globalPairs;
      right += result.chosenRewards[i] > result.rejectedRewards[i] ? 1 : 0;
    }
    return new Result(
        sum,
        result.perPair,
        result.chosenGradient,
        result.rejectedGradient,
        result.chosenRewards,
        result.rejectedRewards,
        right);
  }

  private static double square(double x) {
    return x * x;
  }

  private static void positive(double beta) {
    if (!(beta > 0)) {
      throw new IllegalArgumentException("beta is positive: beta=" + beta + "; 0.1 is usual");
    }
  }

  private static void minority(double noise) {
    if (!(noise >= 0 && noise < 0.5)) {
      throw new IllegalArgumentException(
          "noise lies in [0, 0.5): noise=" + noise + "; 0.1 says one label in ten is wrong");
    }
  }
}
