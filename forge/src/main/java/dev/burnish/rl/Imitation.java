package dev.burnish.rl;

import dev.burnish.nn.PrefixTree;
import dev.burnish.nn.Targets;
import dev.burnish.text.Tokenizer;
import dev.burnish.train.CrossEntropy;
import dev.burnish.train.PackedTokens;
import dev.burnish.train.StepReport;
import dev.burnish.train.Trainer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Supervised learning of right answers: the warm-up that gives a reward something to reinforce.
public final class Imitation {
  private Imitation() {}

  /// One step towards the targets of these samples: mean negative log-likelihood over their tokens
  /// and the end token.
  public static StepReport step(Trainer trainer, Tokenizer tokenizer, List<Sample> samples) {
    int end =
        tokenizer
            .endId()
            .orElseThrow(() ->
                new IllegalArgumentException(
                    "answers end in an end token, and this tokenizer has none"));
    PrefixTree tree = new PrefixTree();
    List<int[]> answers = new ArrayList<>();
    for (Sample sample : samples) {
      int[] answer = tokenizer.encode(sample.target());
      int[] ended = Arrays.copyOf(answer, answer.length + 1);
      ended[answer.length] = end;
      tree.addContinued(tokenizer.encodePlain(sample.prompt()), ended);
      answers.add(ended);
    }
    PrefixTree.Placed placed = tree.place();
    Targets targets = new Targets();
    for (int i = 0; i < answers.size(); i++) {
      targets.addContinuation(placed.rows(i), answers.get(i));
    }
    List<String> ids = samples.stream().map(sample -> "sample-" + sample.index()).toList();
    return trainer.step(CrossEntropy.of(List.of(new PackedTokens(placed.forest(), targets, ids))));
  }
}
