package dev.burnish.algorithm.advantage;

import dev.burnish.algorithm.TokenLayout;

/// Token rewards and the returns that they add up to: REINFORCE++.
public final class Returns {
  private Returns() {}

  /// Each sequence's reward on its last target, 0 elsewhere.
  public static double[] outcome(TokenLayout layout, double[] rewards) {
    double[] perToken = new double[layout.numTokens()];
    for (int i = 0; i < layout.numSequences(); i++) {
      int last = layout.end(i) - 1;
      while (last >= layout.start(i) && !layout.mask()[last]) {
        last--;
      }
      if (last >= layout.start(i)) {
        perToken[last] = rewards[i];
      }
    }
    return perToken;
  }

  /// The outcome minus `beta` times each target's divergence from the reference.
  public static double[] outcomeLessKl(
      TokenLayout layout, double[] rewards, double[] kl, double beta) {
    double[] perToken = outcome(layout, rewards);
    for (int t = 0; t < perToken.length; t++) {
      perToken[t] -= layout.mask()[t] ? beta * kl[t] : 0;
    }
    return perToken;
  }

  /// `G(t) = r(t) + gamma G(t + 1)` over targets; a token that is none passes the return on without
  /// a discount and has 0 itself.
  ///
  /// Source: verl compute_reinforce_plus_plus_outcome_advantage.
  public static double[] discounted(TokenLayout layout, double[] tokenRewards, double gamma) {
    double[] returns = new double[layout.numTokens()];
    for (int i = 0; i < layout.numSequences(); i++) {
      double next = 0;
      for (int t = layout.end(i) - 1; t >= layout.start(i); t--) {
        if (layout.mask()[t]) {
          next = tokenRewards[t] + gamma * next;
          returns[t] = next;
        }
      }
    }
    return returns;
  }

  /// REINFORCE++: whitened discounted returns.
  public static double[] reinforcePlusPlus(
      TokenLayout layout, double[] rewards, double gamma, Whitening whitening) {
    return whitening.apply(discounted(layout, outcome(layout, rewards), gamma), layout.mask());
  }

  /// REINFORCE++ with the group's mean as baseline, whitened over the targets of the batch.
  public static double[] reinforcePlusPlusBaseline(TokenLayout layout, double[] rewards) {
    double[] centred = Advantages.byGroup(rewards, layout.group(), Advantages::drGrpo);
    return Whitening.SAMPLE.apply(layout.broadcast(centred), layout.mask());
  }
}
