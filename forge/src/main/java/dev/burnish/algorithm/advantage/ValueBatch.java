package dev.burnish.algorithm.advantage;

import dev.burnish.algorithm.TokenLayout;

/// Values and returns of response tokens, one entry for each token of the layout.
///
/// @param values of the critic that is trained; only this array has a gradient
/// @param oldValues of the critic at the start of the step
/// @param returns the goal, see [Gae]
@SuppressWarnings("ArrayRecordComponent") // a view of the trainer's arrays; never compared
public record ValueBatch(
    TokenLayout layout, double[] values, double[] oldValues, double[] returns) {
  public ValueBatch {
    int tokens = layout.numTokens();
    if (values.length != tokens || oldValues.length != tokens || returns.length != tokens) {
      throw new IllegalArgumentException(
          "each token must have a value, an old value and a return: tokens=%d values=%d oldValues=%d returns=%d"
              .formatted(tokens, values.length, oldValues.length, returns.length));
    }
  }

  public ValueBatch withValues(double[] current) {
    return new ValueBatch(layout, current, oldValues, returns);
  }
}
