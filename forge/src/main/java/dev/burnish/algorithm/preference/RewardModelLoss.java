package dev.burnish.algorithm.preference;

/// Bradley-Terry loss of a reward model: the mean of `-log sigmoid(chosen - rejected - margin)`.
///
/// @param margin by which the chosen response's score should lead; 0 is usual
public record RewardModelLoss(double margin) {

  /// @param chosenGradient derivative with respect to each chosen score; that of the rejected ones
  ///   is its negative
  @SuppressWarnings("ArrayRecordComponent") // handed to the trainer at once; never compared
  public record Result(double value, double[] chosenGradient) {}

  public Result evaluate(double[] chosen, double[] rejected, long globalPairs) {
    if (chosen.length != rejected.length) {
      throw new IllegalArgumentException(
          "scores come in pairs: chosen.length=%d rejected.length=%d"
              .formatted(chosen.length, rejected.length));
    }
    double sum = 0;
    double[] gradient = new double[chosen.length];
    for (int i = 0; i < chosen.length; i++) {
      double lead = chosen[i] - rejected[i] - margin;
      sum -= Logistic.logSigmoid(lead) / globalPairs;
      gradient[i] = -Logistic.sigmoid(-lead) / globalPairs;
    }
    return new Result(sum, gradient);
  }
}
