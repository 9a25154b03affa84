package dev.burnish.train;

import dev.burnish.nn.ActivationPolicy;
import dev.burnish.nn.Decoder;
import dev.burnish.train.memory.StepEstimate;
import dev.burnish.train.memory.TrainedBytes;
import java.util.List;

/// Estimates the memory and time of a trainer's step without doing it: nothing of the model
/// changes. Made by [LocalTrainer#planner].
public final class StepPlanner {
  private final Decoder model;
  private final MemoryPlan memory;
  private final TrainedBytes bytes;
  private final ActivationPolicy policy;

  StepPlanner(Decoder model, MemoryPlan memory, TrainedBytes bytes, ActivationPolicy policy) {
    this.model = model;
    this.memory = memory;
    this.bytes = bytes;
    this.policy = policy;
  }

  public int numBlocks() {
    return model.shape().blocks().size();
  }

  /// The estimate for a step over that batch, whose forward is run to measure it.
  public StepEstimate plan(List<MicroBatch> batch) {
    List<PackedTokens> packed = MicroBatch.tokens(batch);
    Forward.run(model, packed.subList(0, 1)); // compiled and touched
    long start = System.nanoTime();
    Forward.run(model, packed);
    double seconds = (System.nanoTime() - start) / 1e9;
    return memory.estimate(model.shape(), bytes, policy, batch, seconds);
  }
}
