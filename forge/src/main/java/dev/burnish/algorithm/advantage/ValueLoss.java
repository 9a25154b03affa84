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

  /// @param gradient derivative with respect to the current value of each token
  @SuppressWarnings("ArrayRecordComponent") // handed to the trainer at once; never compared
  public record Result(double value, double[] gradient, double clipFraction) {}

  /// @param values current, `oldValues` of the step's start, `returns` the goal; one per token
  public Result evaluate(
      TokenLayout layout,
      Denominators global,
      double[] values,
      double[] oldValues,
      double[] returns) {
    double sum = 0;
    double clipped = 0;
    double[] gradient = new double[layout.numTokens()];
    for (int i = 0; i < layout.numSequences(); i++) {
      double weight = aggregation.weight(layout, i, global);
      for (int t = layout.start(i); t < layout.end(i); t++) {
        if (!layout.mask()[t]) {
          continue;
        }
        double open = values[t] - returns[t];
        double held = Math.clamp(values[t], oldValues[t] - clip, oldValues[t] + clip) - returns[t];
        boolean stops = held * held > open * open;
        double error = stops ? held : open;
        sum += weight * error * error / 2;
        gradient[t] = stops ? 0 : weight * open;
        clipped += stops ? 1.0 / global.tokens() : 0;
      }
    }
    return new Result(sum, gradient, clipped);
  }
}
