package dev.burnish.learn;

import dev.burnish.data.TokenizedExample;
import dev.burnish.kernel.Numerics;
import dev.burnish.nn.PrefixTree;
import dev.burnish.nn.Targets;
import dev.burnish.nn.TokenForest;
import dev.burnish.rollout.Problem;
import dev.burnish.text.Tokenizer;
import dev.burnish.train.MicroBatch;
import dev.burnish.train.PackedTokens;
import dev.burnish.train.StepReport;
import dev.burnish.train.Trainer;
import java.util.Arrays;
import java.util.List;

/// Trains a model on documents: minimises the mean negative log-likelihood of their tokens under
/// the loss mask.
///
/// The documents of a step are packed into micro-batches as trees of their own, so that no document
/// sees another. The mean is over the targets of the whole step, so packing changes no number.
public final class SupervisedLearner {
  private final Trainer trainer;
  private final int maxTokens;

  /// A learner with micro-batches of at most 4 096 tokens.
  public SupervisedLearner(Trainer trainer) {
    this(trainer, 4096);
  }

  /// @param maxTokens of one micro-batch; a longer document is one of its own
  public SupervisedLearner(Trainer trainer, int maxTokens) {
    if (maxTokens < 1) {
      throw new IllegalArgumentException("a micro-batch has tokens: microTokens=" + maxTokens);
    }
    this.trainer = trainer;
    this.maxTokens = maxTokens;
  }

  /// One update from the documents of a step.
  public StepReport step(List<TokenizedExample> documents) {
    return trainer.step(MicroBatch.ofCrossEntropy(pack(documents)));
  }

  /// One update towards the targets of `problems`, the warm-up that gives a reward something to
  /// reinforce: mean negative log-likelihood of the targets' tokens and the end token.
  ///
  /// @throws IllegalArgumentException if the tokenizer has no end token
  public StepReport imitate(Tokenizer tokenizer, List<Problem> problems) {
    int end =
        tokenizer
            .endId()
            .orElseThrow(() ->
                new IllegalArgumentException(
                    "a tokenizer must have an end token to end answers with, and this one has none"));
    List<Answer> answers = problems.stream().map(p -> Answer.of(p, tokenizer, end)).toList();
    return trainer.step(
        MicroBatch.ofCrossEntropy(
            Packing.bins(answers, Answer::numTokens, maxTokens).stream()
                .map(SupervisedLearner::answers)
                .toList()));
  }

  /// The tokens of a problem's prompt and of its right answer, with the end token.
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Answer(int[] prompt, int[] tokens, String id) {
    static Answer of(Problem problem, Tokenizer tokenizer, int end) {
      int[] target = tokenizer.encode(problem.target());
      int[] ended = Arrays.copyOf(target, target.length + 1);
      ended[target.length] = end;
      return new Answer(
          tokenizer.encodePlain(problem.prompt()), ended, "sample-" + problem.index());
    }

    int numTokens() {
      return prompt.length + tokens.length;
    }
  }

  /// Answers that go through the model together: common beginnings of their prompts once.
  private static PackedTokens answers(List<Answer> answers) {
    PrefixTree tree = new PrefixTree();
    answers.forEach(answer -> tree.addContinued(answer.prompt(), answer.tokens()));
    PrefixTree.Placed placed = tree.place();
    Targets targets = new Targets();
    for (int i = 0; i < answers.size(); i++) {
      targets.addContinuation(placed.rows(i), answers.get(i).tokens());
    }
    return new PackedTokens(placed.forest(), targets, answers.stream().map(Answer::id).toList());
  }

  /// Measures how well the present model predicts documents, without learning from them.
  public EvalReport evaluate(List<TokenizedExample> documents) {
    List<PackedTokens> micros = pack(documents);
    long count = micros.stream().mapToLong(PackedTokens::numTargets).sum();
    double sum = 0;
    for (float[] logprobs : trainer.logprobs(micros, Numerics.FASTEST)) {
      for (float logprob : logprobs) {
        sum -= logprob;
      }
    }
    return new EvalReport(sum / count, count);
  }

  private List<PackedTokens> pack(List<TokenizedExample> documents) {
    if (documents.isEmpty()) {
      throw new IllegalArgumentException(
          "there must be documents: documents=0; raise heldOut, or set evalEvery=0");
    }
    return Packing.bins(documents, document -> document.tokens().length, maxTokens).stream()
        .map(SupervisedLearner::micro)
        .toList();
  }

  private static PackedTokens micro(List<TokenizedExample> documents) {
    TokenForest forest = new TokenForest();
    Targets targets = new Targets();
    for (TokenizedExample document : documents) {
      int root = forest.add(TokenForest.ROOT, document.tokens());
      for (int i = 1; i < document.tokens().length; i++) {
        if (document.lossMask()[i]) {
          targets.add(forest.predictor(root, i), document.tokens()[i]);
        }
      }
    }
    return new PackedTokens(forest, targets, documents.stream().map(TokenizedExample::id).toList());
  }
}
