package dev.burnish.learn;

import dev.burnish.model.LanguageModel;
import dev.burnish.rollout.Problem;
import dev.burnish.rollout.Task;
import dev.burnish.text.Tokenizer;
import dev.burnish.train.LocalTrainer;
import dev.burnish.train.OptimizerConfig;
import java.util.List;
import java.util.function.ToDoubleFunction;

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

  /// At most 100 steps, until 0.3 of the answers are right.
  public static WarmUp defaults() {
    OptimizerConfig adamW = OptimizerConfig.defaults();
    return new WarmUp(100, 0.3, adamW.withLr(8e-4).withWarmup(10).withSchedule("wsd"));
  }

  /// Trains the model on problems that [Task#training] gives for negative steps, which no run uses.
  ///
  /// @param accuracy measures the model on such problems
  public void imitate(
      Task task,
      LanguageModel model,
      Tokenizer tokenizer,
      ToDoubleFunction<List<Problem>> accuracy) {
    var teacher = new SupervisedLearner(new LocalTrainer(model.decoder(), imitation, warmUp));
    for (int i = 1; i <= warmUp; i++) {
      teacher.imitate(tokenizer, task.training(-i, BATCH));
      boolean measures = i >= FIRST_MEASURED && i % EVERY == 0;
      if (measures && accuracy.applyAsDouble(task.training(-warmUp - i, MEASURED)) > ready) {
        return;
      }
    }
  }
}
