package dev.burnish.train;

import dev.burnish.kernel.Kernels.Rounding;

/// A loss as the trainer sees it: a function of the log-probabilities of a micro-batch's targets.
///
/// The sum over all micro-batches of a step is the loss of the step, so a mean divides by counts of
/// the whole step.
public interface Objective {
  /// Adds to the value of the loss and fills the gradient for the targets from `from` to `to`.
  ///
  /// @param micro index of the micro-batch
  /// @param logp log-probability of each target; only entries before `to` are known
  /// @param entropy of the distribution each target was predicted from
  /// @param dLogp filled with the derivative of the loss with respect to each log-probability
  /// @param dEntropy filled with the derivative with respect to each entropy; zero before
  /// @return the share of these targets in the loss
  double gradient(
      int micro, int from, int to, float[] logp, float[] entropy, float[] dLogp, float[] dEntropy);

  /// Whether all log-probabilities of a micro-batch have to be known before any gradient is: then
  /// the head runs twice.
  default boolean needsAll(int micro) {
    return false;
  }

  /// The bits of the forward: those of rows, so that a loss may compare with what a generator or a
  /// reference said. A loss that does not is faster with those of the shape.
  default Rounding rounding() {
    return Rounding.BY_ROW;
  }

  /// Mean negative log-likelihood over `count` targets of the whole step.
  static Objective crossEntropy(long count) {
    return new CrossEntropy(count);
  }

  /// See [#crossEntropy].
  record CrossEntropy(long count) implements Objective {
    @Override
    public double gradient(
        int micro,
        int from,
        int to,
        float[] logp,
        float[] entropy,
        float[] dLogp,
        float[] dEntropy) {
      double sum = 0;
      for (int i = from; i < to; i++) {
        sum -= logp[i];
        dLogp[i] = -1f / count;
      }
      return sum / count;
    }

    @Override
    public Rounding rounding() {
      return Rounding.BY_SHAPE;
    }
  }
}
