package dev.burnish.run;

import dev.burnish.kernel.Numerics;
import dev.burnish.train.LocalTrainer;
import dev.burnish.train.MicroBatch;
import dev.burnish.train.PackedTokens;
import dev.burnish.train.StepPlanner;
import dev.burnish.train.StepReport;
import dev.burnish.train.Trainer;
import dev.burnish.train.memory.StepEstimate;
import dev.burnish.train.objective.LossMetrics;
import java.util.List;
import java.util.Optional;

/// The trainer of a dry run: its steps are planned instead of done, report zeros, and leave the
/// model as it is. Everything else is as with the trainer itself.
final class PlannedTrainer implements Trainer {
  private final LocalTrainer trainer;
  private final StepPlanner planner;
  private Optional<StepEstimate> estimate = Optional.empty();

  PlannedTrainer(LocalTrainer trainer) {
    this.trainer = trainer;
    planner = trainer.planner();
  }

  /// The cost that the updates so far would have had.
  Optional<StepEstimate> estimate() {
    return estimate;
  }

  /// Seconds that the updates so far would have taken.
  double seconds() {
    return estimate.map(of -> of.seconds(numBlocks())).orElse(0.0);
  }

  int numBlocks() {
    return planner.numBlocks();
  }

  @Override
  public StepReport step(List<MicroBatch> batch) {
    StepEstimate planned = planner.plan(batch);
    estimate = Optional.of(estimate.map(before -> before.then(planned)).orElse(planned));
    return new StepReport(
        trainer.stepsDone(),
        0,
        0,
        0,
        0,
        Math.toIntExact(planned.tokens()),
        Math.toIntExact(planned.targets()),
        0,
        planned.forwardSeconds(),
        LossMetrics.NONE);
  }

  @Override
  public List<float[]> logprobs(List<PackedTokens> batches, Numerics numerics) {
    return trainer.logprobs(batches, numerics);
  }

  @Override
  public List<float[]> values(List<PackedTokens> batches) {
    return trainer.values(batches);
  }

  @Override
  public long publish() {
    return trainer.publish();
  }

  @Override
  public void save(String folder) {
    trainer.save(folder);
  }

  @Override
  public void restore(String folder) {
    trainer.restore(folder);
  }
}
