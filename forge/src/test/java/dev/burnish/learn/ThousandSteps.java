package dev.burnish.learn;

import dev.burnish.model.LanguageModel;
import dev.burnish.testing.Memory;
import dev.burnish.train.LocalTrainer;
import java.io.IOException;

/// A thousand steps of supervised tuning in a process of their own: it prints its resident memory
/// after 400 and at the end, in kilobytes.
public final class ThousandSteps {
  private ThousandSteps() {}

  public static void main(String... args) throws IOException {
    try (LanguageModel model = SupervisedLearnerTest.model();
        LocalTrainer trainer = SupervisedLearnerTest.trainer(model)) {
      SupervisedLearner learner = new SupervisedLearner(trainer, 64);
      for (int i = 1; i <= 1_000; i++) {
        learner.step(SupervisedLearnerTest.documents(i, 6));
        if (i == 400 || i == 1_000) {
          System.gc();
          System.out.println("resident after " + i + ": " + Memory.residentKilobytes());
        }
      }
    }
  }
}
