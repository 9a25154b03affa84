package dev.burnish.learn;

import dev.burnish.algorithm.Denominators;
import dev.burnish.algorithm.LossResult;
import dev.burnish.algorithm.PolicyLoss;
import dev.burnish.algorithm.TokenBatch;
import dev.burnish.nn.TargetLoss;
import dev.burnish.train.MicroBatch;
import java.util.List;
import java.util.stream.IntStream;

/// One step of a policy loss over packed episodes: the loss of each micro-batch, and what the loss
/// tells about the step, added up.
final class PolicyStep {
  private final EpisodeBatch batch;
  private final PolicyLoss loss;
  private final double entropyBonus;
  private LossResult.Metrics metrics = LossResult.Metrics.ZERO;

  /// @param entropyBonus coefficient of the mean entropy, which is subtracted from the loss
  PolicyStep(EpisodeBatch batch, PolicyLoss loss, double entropyBonus) {
    this.batch = batch;
    this.loss = loss;
    this.entropyBonus = entropyBonus;
  }

  List<MicroBatch> micros() {
    return IntStream.range(0, batch.micros().size())
        .mapToObj(i -> new MicroBatch(batch.micros().get(i), new OfMicro(batch.tokens().get(i))))
        .toList();
  }

  /// Of the micro-batches that were gone through so far.
  LossResult.Metrics metrics() {
    return metrics;
  }

  /// The loss of one micro-batch.
  private final class OfMicro implements TargetLoss {
    private final TokenBatch known;

    OfMicro(TokenBatch known) {
      this.known = known;
    }

    @Override
    public boolean needsAll() {
      return !loss.tokenLocal(known);
    }

    @Override
    public double evaluate(Chunk chunk) {
      TokenBatch tokens = known.withLogprobs(EpisodeBatch.widen(chunk.logprobs()));
      // A loss over whole sequences sees them all at once, and gives the gradient of this chunk.
      boolean whole = needsAll();
      int start = whole ? 0 : chunk.from();
      int end = whole ? chunk.logprobs().length : chunk.to();
      Denominators global = batch.global();
      LossResult result = loss.evaluate(tokens, global, start, end);
      double value = whole && chunk.from() > 0 ? 0 : result.value();
      if (!whole || chunk.from() == 0) {
        metrics = metrics.plus(result.metrics());
      }
      for (int i = chunk.from(); i < chunk.to(); i++) {
        chunk.dLogprobs()[i] = (float) result.gradient()[i - start];
        double weight = entropyBonus * result.tokenWeights()[i - start];
        if (weight != 0) {
          chunk.dEntropies()[i] = (float) -weight;
          value -= weight * chunk.entropies()[i];
        }
      }
      return value;
    }
  }
}
