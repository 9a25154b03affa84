package dev.burnish.agent;

import java.time.Duration;

/// The limits of an episode.
///
/// @param turns answers of the policy
/// @param tokens of the conversation, those that the policy reads included; at most the model's
///   longest sequence
/// @param time of the whole episode. It must be shorter than the deadline of the rollout, and
///   longer than anything that an environment waits for
public record Budget(int turns, int tokens, Duration time) {
  public Budget {
    if (turns < 1 || tokens < 2 || !time.isPositive()) {
      throw new IllegalArgumentException(
          "an episode must have turns, tokens and time: turns=%d tokens=%d time=%s"
              .formatted(turns, tokens, time));
    }
  }

  /// 16 turns, 2 048 tokens, five minutes.
  public static Budget defaults() {
    return new Budget(16, 2048, Duration.ofMinutes(5));
  }

  public Budget withTurns(int newTurns) {
    return new Budget(newTurns, tokens, time);
  }

  public Budget withTokens(int newTokens) {
    return new Budget(turns, newTokens, time);
  }

  public Budget withTime(Duration newTime) {
    return new Budget(turns, tokens, newTime);
  }
}
