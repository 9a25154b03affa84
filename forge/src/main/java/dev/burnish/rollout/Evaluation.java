package dev.burnish.rollout;

import dev.burnish.concurrent.Stop;
import java.util.List;

/// Measures a policy on problems that it does not train on, before its samples to train on.
public final class Evaluation {
  private Evaluation() {}

  /// Mean reward of the most likely completion of each held-out problem of a task.
  public static double greedy(Generator policy, Task task, int maxTokens) {
    return greedy(policy, task.heldOut(), task.reward(), maxTokens);
  }

  /// Mean reward of the most likely completion of each problem.
  public static double greedy(
      Generator policy, List<Problem> problems, Reward reward, int maxTokens) {
    SamplingParams sampling = SamplingParams.greedy(maxTokens).withPriority(Priority.EVALUATION);
    double sum = 0;
    for (Rollout rollout : Rollout.sample(policy, problems, sampling)) {
      Stop.check();
      Problem problem = rollout.problem();
      String text = rollout.group().completions().getFirst().text();
      sum += reward.evaluate(problem.prompt(), text, problem.target());
    }
    return sum / problems.size();
  }
}
