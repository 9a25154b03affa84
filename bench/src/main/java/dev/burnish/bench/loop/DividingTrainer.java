package dev.burnish.bench.loop;

import dev.burnish.kernel.Numerics;
import dev.burnish.mesh.ActorMesh;
import dev.burnish.train.MicroBatch;
import dev.burnish.train.PackedTokens;
import dev.burnish.train.StepReport;
import dev.burnish.train.Trainer;
import dev.burnish.train.objective.LossMetrics;
import java.util.ArrayList;
import java.util.List;

/// A trainer that divides a batch among the ranks of a simulated one. It can do steps, nothing
/// else.
final class DividingTrainer implements Trainer {
  private final ActorMesh<SimulatedTrainer> ranks;
  private long stepsDone;

  DividingTrainer(ActorMesh<SimulatedTrainer> ranks) {
    this.ranks = ranks;
  }

  @Override
  public StepReport step(List<MicroBatch> batch) {
    List<List<MicroBatch>> shares = new ArrayList<>();
    for (int rank = 0; rank < ranks.size(); rank++) {
      shares.add(new ArrayList<>());
    }
    for (int i = 0; i < batch.size(); i++) {
      shares.get(i % shares.size()).add(batch.get(i));
    }
    List<Long> tokens = ranks.gather((actor, rank) -> actor.step(List.copyOf(shares.get(rank))));
    int sum = Math.toIntExact(tokens.stream().mapToLong(each -> each).sum());
    return new StepReport(++stepsDone, 0, 0, 0, 0, sum, sum, 0, 1, LossMetrics.NONE);
  }

  @Override
  public List<float[]> logprobs(List<PackedTokens> batches, Numerics numerics) {
    throw onlySteps();
  }

  @Override
  public List<float[]> values(List<PackedTokens> batches) {
    throw onlySteps();
  }

  @Override
  public long publish() {
    return stepsDone;
  }

  @Override
  public void save(String folder) {
    throw onlySteps();
  }

  @Override
  public void restore(String folder) {
    throw onlySteps();
  }

  private static UnsupportedOperationException onlySteps() {
    return new UnsupportedOperationException("a simulated trainer does steps only");
  }
}
