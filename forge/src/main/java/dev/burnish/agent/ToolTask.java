package dev.burnish.agent;

import dev.burnish.rollout.Problem;
import dev.burnish.rollout.Prompt;
import dev.burnish.rollout.Reward;
import java.util.List;

/// A problem that a policy solves with tools, and the worth of its final answer.
///
/// @param opening what the policy reads first
/// @param reward of the final answer, compared with the problem's target
public record ToolTask(Problem problem, List<Prompt.Turn> opening, Reward reward) {
  public ToolTask {
    opening = List.copyOf(opening);
    if (opening.isEmpty()) {
      throw new IllegalArgumentException("a task must open with a turn: turns=0");
    }
  }

  /// A task that opens with the problem's prompt, by the user.
  public static ToolTask of(Problem problem, Reward reward) {
    return new ToolTask(problem, List.of(new Prompt.Turn("user", problem.prompt())), reward);
  }
}
