package dev.burnish.rl.loop;

import dev.burnish.rl.replay.BufferConfig;
import dev.burnish.rl.replay.Selection;
import java.time.Duration;

/// How groups are made for training.
///
/// @param buffer groups per step, bound on staleness, selection, and the seed of the run
/// @param mode how rollouts are asynchronous
/// @param steps of the whole run: no group is begun for a step after them
/// @param attempts what a group may cost
public record RolloutSettings(BufferConfig buffer, Mode mode, long steps, Attempts attempts) {
  /// How rollouts are asynchronous.
  public enum Mode {
    /// Step `t`, from 0, trains on the groups of the positions from `t * batch` on, made by version
    /// `max(0, t - maxStaleness)` exactly: all numbers are independent of timing.
    FIXED_LAG,
    /// Groups are made by the newest weights at every moment, which may change within one.
    CONTINUOUS
  }

  /// The cost that a group may have before it is left out.
  ///
  /// @param most attempts; 1 leaves a group out when it fails, more make it again
  /// @param deadline of each attempt, which is then interrupted and has failed
  public record Attempts(int most, Duration deadline) {
    /// @throws IllegalArgumentException if there is none, or it has no time
    public Attempts {
      if (most < 1 || deadline.isNegative() || deadline.isZero()) {
        throw new IllegalArgumentException(
            "a group must have an attempt and time for it: rollouts.attempts=%d rollouts.deadline=%s"
                .formatted(most, deadline));
      }
    }

    /// 3 attempts of 10 minutes.
    public static Attempts defaults() {
      return new Attempts(3, Duration.ofMinutes(10));
    }
  }

  /// @throws IllegalArgumentException if a fixed lag is asked of a selection that timing decides
  public RolloutSettings {
    if (mode == Mode.FIXED_LAG && !(buffer.selection() instanceof Selection.Fifo)) {
      throw new IllegalArgumentException(
          "a fixed lag must train positions in order: rollouts.mode=FIXED_LAG selection=%s; choose CONTINUOUS"
              .formatted(buffer.selection()));
    }
    if (steps < 0) {
      throw new IllegalArgumentException("steps must not be negative: steps=" + steps);
    }
  }

  /// A fixed lag of `maxStaleness` versions; 0 is on-policy.
  ///
  /// @param batch groups per step
  public static RolloutSettings fixedLag(int batch, int maxStaleness, long steps, long seed) {
    return new RolloutSettings(
        BufferConfig.fifo(batch, maxStaleness).withSeed(seed),
        Mode.FIXED_LAG,
        steps,
        Attempts.defaults());
  }

  /// Continuous rollouts, trained in the order of positions.
  ///
  /// @param batch groups per step
  public static RolloutSettings continuous(int batch, int maxStaleness, long steps, long seed) {
    return new RolloutSettings(
        BufferConfig.fifo(batch, maxStaleness).withSeed(seed),
        Mode.CONTINUOUS,
        steps,
        Attempts.defaults());
  }

  /// The same with another selection, and room for at least what it needs.
  public RolloutSettings withSelection(Selection selection, int capacity) {
    return new RolloutSettings(buffer.withSelection(selection, capacity), mode, steps, attempts);
  }

  /// The same with other attempts.
  public RolloutSettings withAttempts(Attempts other) {
    return new RolloutSettings(buffer, mode, steps, other);
  }

  /// Whether each group is trained on once, unless it is left out.
  boolean isQueue() {
    return switch (buffer.selection()) {
      case Selection.Fifo _, Selection.Windowed _ -> true;
      case Selection.Uniform _, Selection.Prioritised _ -> false;
    };
  }

  /// Whether the step that a position is trained in is known in advance.
  boolean isInOrder() {
    return buffer.selection() instanceof Selection.Fifo;
  }
}
