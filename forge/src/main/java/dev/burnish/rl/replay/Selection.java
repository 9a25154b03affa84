package dev.burnish.rl.replay;

/// The rule by which a step chooses among the groups that wait.
///
/// [Fifo] and [Windowed] train each group once, and their bound on staleness comes from admission:
/// nothing is dropped. [Uniform] and [Prioritised] replay: groups may be trained on more than once,
/// those that are too old or used up are dropped, and the number of those is reported.
public sealed interface Selection {
  /// The next positions, all of them, in order: the groups of a step depend on the seed and on the
  /// step alone, and a slow group is waited for.
  record Fifo() implements Selection {}

  /// Those that are ready first among the `window` positions from the oldest on that was not
  /// trained on, so that one slow group does not hold up the others for a while; the oldest is at
  /// most `ceil((window - 1) / batch)` steps older than with [Fifo].
  ///
  /// @param window positions, at least the size of a batch
  record Windowed(int window) implements Selection {
    /// @throws IllegalArgumentException unless the window is positive
    public Windowed {
      require(window >= 1, "window must be at least 1: buffer.window=" + window);
    }
  }

  /// Any of those that are not too old, each with the same chance, without replacement.
  ///
  /// @param uses how often a group is trained on at most
  record Uniform(int uses) implements Selection {
    /// @throws IllegalArgumentException unless a group may be used
    public Uniform {
      requireUses(uses);
    }
  }

  /// Any of those that are not too old, with a chance in proportion to `priority ^ alpha`, without
  /// replacement. A group that was never trained on has the highest priority so far. Each group
  /// comes with the weight `(n * chance) ^ -beta` that corrects for that, over the largest of the
  /// batch.
  ///
  /// Source: Schaul et al. 2015 (prioritized experience replay), section 3.
  ///
  /// @param alpha 0 is uniform
  /// @param beta 0 does not correct, 1 corrects fully
  /// @param uses how often a group is trained on at most
  record Prioritised(double alpha, double beta, int uses) implements Selection {
    /// @throws IllegalArgumentException if one is out of its range
    public Prioritised {
      require(alpha >= 0 && alpha <= 10, "alpha must be in [0, 10]: buffer.alpha=" + alpha);
      require(beta >= 0 && beta <= 1, "beta must be in [0, 1]: buffer.beta=" + beta);
      requireUses(uses);
    }
  }

  private static void requireUses(int uses) {
    require(uses >= 1, "uses must be at least 1: buffer.uses=" + uses);
  }

  private static void require(boolean holds, String message) {
    if (!holds) {
      throw new IllegalArgumentException(message);
    }
  }
}
