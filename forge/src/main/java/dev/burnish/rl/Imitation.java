package dev.burnish.rl;

import dev.burnish.nn.Targets;
import dev.burnish.nn.TokenForest;
import dev.burnish.text.Tokenizer;
import dev.burnish.train.MicroBatch;
import dev.burnish.train.Objective;
import dev.burnish.train.StepReport;
import dev.burnish.train.Trainer;
import java.util.Arrays;
import java.util.List;

/// Supervised learning of right answers: the warm-up that gives a reward something to reinforce.
public final class Imitation {
  private Imitation() {}

  /// One step towards the targets of these samples: mean negative log-likelihood over their tokens
  /// and the end token.
  public static StepReport step(Trainer trainer, Tokenizer tokenizer, List<Sample> samples) {
    TokenForest forest = new TokenForest();
    Targets targets = new Targets();
    int end =
        tokenizer
            .endId()
            .orElseThrow(() ->
                new IllegalArgumentException(
                    "answers end in an end token, and this tokenizer has none"));
    for (Sample sample : samples) {
      int prompt = forest.add(TokenForest.ROOT, tokenizer.encode(sample.prompt()));
      int[] answer = tokenizer.encode(sample.target());
      int[] ended = Arrays.copyOf(answer, answer.length + 1);
      ended[answer.length] = end;
      targets.addNode(forest, forest.add(prompt, ended), 0);
    }
    return trainer.step(
        List.of(new MicroBatch(forest, targets)), Objective.crossEntropy(targets.size()));
  }
}
