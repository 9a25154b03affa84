package dev.burnish.learn;

import dev.burnish.model.LanguageModel;
import dev.burnish.rollout.Evaluation;
import dev.burnish.rollout.Generator;
import dev.burnish.rollout.Task;
import dev.burnish.text.Tokenizer;
import dev.burnish.train.LocalTrainer;
import dev.burnish.train.OptimizerConfig;

/// Imitation of a task's answers before reinforcement, until some completions earn a reward: a
/// model of random weights would never find one. Its settings are inlined into a script's.
///
/// @param warmUp most steps
/// @param ready the accuracy above which the warm-up ends
/// @param imitation the optimizer
public record WarmUp(int warmUp, double ready, OptimizerConfig imitation) {
  private static final int BATCH = 64;
  private static final int MEASURED = 256;
  private static final int FIRST_MEASURED = 40;
  private static final int EVERY = 5;

  /// Of an answer.
  private static final int MOST_TOKENS = 32;

  /// At most 100 steps, until 0.3 of the answers are right.
  public static WarmUp defaults() {
    OptimizerConfig adamW = OptimizerConfig.defaults();
    return new WarmUp(100, 0.3, adamW.withLr(8e-4).withWarmup(10).withSchedule("wsd"));
  }

  /// The same with another number of steps at most.
  public WarmUp withWarmUp(int newWarmUp) {
    return new WarmUp(newWarmUp, ready, imitation);
  }

  /// Trains the model on problems that [Task#training] gives for negative steps, which no run uses.
  ///
  /// @param policy of the model, to measure it on such problems
  public void imitate(Task task, LanguageModel model, Tokenizer tokenizer, Generator policy) {
    var teacher = new SupervisedLearner(new LocalTrainer(model.decoder(), imitation, warmUp));
    for (int i = 1; i <= warmUp; i++) {
      teacher.imitate(tokenizer, task.training(-i, BATCH));
      boolean measures = i >= FIRST_MEASURED && i % EVERY == 0;
      if (measures && accuracy(policy, task, -warmUp - i) > ready) {
        return;
      }
    }
  }

  private static double accuracy(Generator policy, Task task, long step) {
    return Evaluation.greedy(policy, task.training(step, MEASURED), task.reward(), MOST_TOKENS);
  }
}
