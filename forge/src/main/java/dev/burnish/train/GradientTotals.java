package dev.burnish.train;

import dev.burnish.nn.Pass;

/// Totals of what went through the model: the loss and entropies of all targets added up.
public record GradientTotals(double loss, double entropy, int tokens, int targets) {
  static final GradientTotals NONE = new GradientTotals(0, 0, 0, 0);

  GradientTotals plus(Work work, Pass.Backward backward) {
    double sum = 0;
    for (float h : backward.targets().entropy()) {
      sum += h;
    }
    return new GradientTotals(
        add(loss, backward.losses()),
        entropy + sum,
        tokens + work.forest().numTokens(),
        targets + work.targets().size());
  }

  /// Adds in order, so that the sum depends only on how targets are cut into chunks and
  /// micro-batches.
  static double add(double before, double[] losses) {
    double sum = before;
    for (double loss : losses) {
      sum += loss;
    }
    return sum;
  }
}
