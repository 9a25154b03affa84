package dev.burnish.rollout;

import dev.burnish.concurrent.Stop;
import java.util.List;

/// Measures a policy on samples that it does not train on.
public final class Evaluation {
  private Evaluation() {}

  /// Mean reward of the most likely completion of each sample.
  public static double greedy(
      Generator policy, List<Problem> samples, Reward reward, int maxTokens) {
    List<List<Completion>> completions =
        policy.generate(Problem.prompts(samples), SamplingParams.greedy(maxTokens));
    double sum = 0;
    for (int i = 0; i < samples.size(); i++) {
      Stop.check();
      Problem sample = samples.get(i);
      sum +=
          reward.evaluate(sample.prompt(), completions.get(i).getFirst().text(), sample.target());
    }
    return sum / samples.size();
  }
}
