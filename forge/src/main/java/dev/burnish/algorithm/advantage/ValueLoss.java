package dev.burnish.algorithm.advantage;

import dev.burnish.algorithm.Aggregation;
import dev.burnish.algorithm.Denominators;
import dev.burnish.algorithm.TokenLayout;

/// A critic's clipped squared error: half the mean of `max((V - R)^2, (clip(V, Vold - clip, Vold +
/// clip) - R)^2)`.
///
/// Source: verl compute_value_loss; OpenRLHF `models/loss.py`.
public record ValueLoss(double clip, Aggregation aggregation) {
  public ValueLoss {
    if (!(clip > 0)) {
      throw new IllegalArgumentException(
          "clip is positive: clip=" + clip + "; 0.2 is usual, infinity turns it off");
    }
  }

  /// A loss over a range of tokens.
  ///
  /// @param value the range's share of the loss of the whole batch
  /// @param gradient derivative with respect to the current value of each token of the range
  @SuppressWarnings("ArrayRecordComponent") // handed to the trainer at once; never compared
  public record Result(double value, double[] gradient, Metrics metrics) {}

  /// Metrics of a loss for one step: means over the targets of the whole batch, so the parts of a
  /// batch add up.
  ///
  /// @param clipFraction of targets where clipping decided
  public record Metrics(double clipFraction) {
    public static final Metrics ZERO = new Metrics(0);

    /// The metrics of two parts of a batch together.
    public Metrics plus(Metrics other) {
      return new Metrics(clipFraction + other.clipFraction);
    }
  }

  /// The loss of all tokens.
  public Result evaluate(ValueBatch batch, Denominators global) {
    return evaluate(batch, global, 0, batch.layout().numTokens());
  }

  /// The loss of the tokens `[from, to)`. Only these entries of `batch.values()` are read.
  public Result evaluate(ValueBatch batch, Denominators global, int from, int to) {
    TokenLayout layout = batch.layout();
    double sum = 0;
    double clipped = 0;
    double[] gradient = new double[to - from];
    for (int i = 0; i < layout.numSequences(); i++) {
      double weight = aggregation.weight(layout, i, global);
      int end = Math.min(to, layout.end(i));
      for (int t = Math.max(from, layout.start(i)); t < end; t++) {
        if (!layout.mask()[t]) {
          continue;
        }
        double old = batch.oldValues()[t];
        double open = batch.values()[t] - batch.returns()[t];
        double held = Math.clamp(batch.values()[t], old - clip, old + clip) - batch.returns()[t];
        boolean stops = held * held > open * open;
        double error = stops ? held : open;
        sum += weight * error * error / 2;
        gradient[t - from] = stops ? 0 : weight * open;
        clipped += stops ? 1.0 / global.tokens() : 0;
      }
    }
    return new Result(sum, gradient, new Metrics(clipped));
  }
}
