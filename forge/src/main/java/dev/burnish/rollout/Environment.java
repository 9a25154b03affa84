package dev.burnish.rollout;

import java.util.List;
import java.util.Map;

/// A task of several turns, played once by one policy: [#reset], then [#step] until it is over. One
/// thread at a time; a call may wait, and is interrupted when the episode's time is over.
///
/// An exception is a failure of the episode, never a reward of 0.
public interface Environment extends AutoCloseable {
  /// A message to the policy.
  ///
  /// @param turns that are added to the conversation; at least one
  record Observation(List<Prompt.Turn> turns) {
    public Observation {
      turns = List.copyOf(turns);
      if (turns.isEmpty()) {
        throw new IllegalArgumentException(
            "an observation must have turns: turns=0; end the episode instead");
      }
    }

    /// One turn by the user.
    public static Observation user(String content) {
      return new Observation(List.of(new Prompt.Turn("user", content)));
    }

    /// The result of a tool.
    public static Observation tool(String content) {
      return new Observation(List.of(new Prompt.Turn("tool", content)));
    }
  }

  /// An answer of the policy.
  ///
  /// @param text without special tokens
  /// @param finish why it ended; a text that was cut off may be half an action
  /// @param turn counted from 0
  record Action(String text, FinishReason finish, int turn) {}

  /// The result of an action.
  sealed interface Step {
    /// The worth of the action alone: an episode's reward is the sum over its turns.
    double reward();

    /// The episode continues.
    record Next(Observation observation, double reward) implements Step {}

    /// The episode is over.
    record Over(End end, double reward) implements Step {}

    /// The episode continues after an action that was worth nothing by itself.
    static Step next(Observation observation) {
      return new Next(observation, 0);
    }

    /// The task is over, with the reward of the last action.
    static Step over(double reward) {
      return new Over(End.TERMINATED, reward);
    }
  }

  /// Why an episode ended.
  enum End {
    /// The task is over.
    TERMINATED,
    /// The environment gave up, or the episode's turns or tokens were used up.
    TRUNCATED
  }

  /// Begins.
  ///
  /// @param seed of everything that is drawn: the same seed gives the same task
  Observation reset(long seed);

  /// Does what the policy said.
  Step step(Action action);

  /// The reward of an episode whose turns or tokens were used up after its last step; none by
  /// default.
  default double truncated() {
    return 0;
  }

  /// Numbers of the episode so far by name, such as how many calls of tools failed: for metrics,
  /// and no part of the reward. None by default.
  default Map<String, Double> measures() {
    return Map.of();
  }

  @Override
  default void close() {}
}
