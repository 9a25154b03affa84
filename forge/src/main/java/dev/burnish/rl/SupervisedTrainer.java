package dev.burnish.rl;

import dev.burnish.kernel.Numerics;
import dev.burnish.nn.Targets;
import dev.burnish.nn.TokenForest;
import dev.burnish.train.CrossEntropy;
import dev.burnish.train.PackedTokens;
import dev.burnish.train.StepReport;
import dev.burnish.train.Trainer;
import java.util.List;

/// Trains a model to say what documents say: mean negative log-likelihood of their learned tokens.
///
/// The documents of a step are packed into micro-batches as trees of their own, so that no document
/// sees another. The mean is over the targets of the whole step, so packing changes no number.
public final class SupervisedTrainer {
  private final Trainer trainer;
  private final int maxTokens;

  /// @param maxTokens of one micro-batch; a longer document is one of its own
  public SupervisedTrainer(Trainer trainer, int maxTokens) {
    if (maxTokens < 1) {
      throw new IllegalArgumentException("a micro-batch has tokens: microTokens=" + maxTokens);
    }
    this.trainer = trainer;
    this.maxTokens = maxTokens;
  }

  /// One update from the documents of a step.
  public StepReport step(List<Document> documents) {
    return trainer.step(CrossEntropy.of(pack(documents)));
  }

  /// How well the present model predicts documents, without learning from them.
  public EvalReport evaluate(List<Document> documents) {
    List<PackedTokens> micros = pack(documents);
    long count = micros.stream().mapToLong(micro -> micro.targets().size()).sum();
    double sum = 0;
    for (float[] logprobs : trainer.logProbs(micros, Numerics.FASTEST)) {
      for (float logprob : logprobs) {
        sum -= logprob;
      }
    }
    return new EvalReport(sum / count, count);
  }

  private List<PackedTokens> pack(List<Document> documents) {
    if (documents.isEmpty()) {
      throw new IllegalArgumentException(
          "documents are needed: documents=0; raise heldOut, or set evalEvery=0");
    }
    return Packing.bins(documents, document -> document.tokens().length, maxTokens).stream()
        .map(SupervisedTrainer::micro)
        .toList();
  }

  private static PackedTokens micro(List<Document> documents) {
    TokenForest forest = new TokenForest();
    Targets targets = new Targets();
    for (Document document : documents) {
      int root = forest.add(TokenForest.ROOT, document.tokens());
      for (int i = 1; i < document.tokens().length; i++) {
        if (document.learned()[i]) {
          targets.add(forest.predictor(root, i), document.tokens()[i]);
        }
      }
    }
    return new PackedTokens(forest, targets, documents.stream().map(Document::id).toList());
  }
}
