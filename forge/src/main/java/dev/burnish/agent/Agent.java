package dev.burnish.agent;

/// A program that owns its loop: it asks the policy what it likes, as often as it likes, by the
/// HTTP interface that it was written for.
///
/// ```java
/// agents.play(problem, endpoint -> worth(command.run(endpoint)), policy, sampling, Advantages::grpo)
/// ```
@FunctionalInterface
public interface Agent {
  /// Works on a task, once, and says what the work is worth: by its result, or as the program has
  /// reported it ([Endpoint#reported]). An exception is a failure of the episode, never a reward of
  /// 0, unless a request was refused before since the budget is used up: then the episode ends with
  /// [#truncated].
  double run(Endpoint endpoint) throws Exception;

  /// The reward of an episode that an exception ended after its budget was used up; 0 by default.
  default double truncated() {
    return 0;
  }
}
