package dev.burnish.controller;

import dev.burnish.controller.worker.TrainerActor;
import dev.burnish.kernel.Numerics;
import dev.burnish.train.Checkpointed;
import dev.burnish.train.MicroBatch;
import dev.burnish.train.PackedTokens;
import dev.burnish.train.StepReport;
import dev.burnish.train.Trainer;
import dev.burnish.train.checkpoint.Snapshot;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/// The trainer of another process, as the learner of this one sees it: numbers its steps, so that
/// one that is sent again after a loss is done once. One call at a time.
final class RemoteTrainer implements Trainer {
  private final TrainerActor actor;
  private final LoopState state;
  private final StepRecording recording;

  /// @param state what the trainer works on, as this process sees it
  RemoteTrainer(TrainerActor actor, LoopState state, StepRecording recording) {
    this.actor = actor;
    this.state = state;
    this.recording = recording;
  }

  @Override
  public StepReport step(List<MicroBatch> batch) {
    long number = state.stepsDone() + 1;
    recording.step(number, batch);
    StepReport ignored = actor.step(number, batch);
    return state.completed();
  }

  @Override
  public List<float[]> logprobs(List<PackedTokens> batches, Numerics numerics) {
    return actor.logprobs(batches, numerics);
  }

  @Override
  public List<float[]> values(List<PackedTokens> batches) {
    return actor.values(batches);
  }

  /// Publishes nothing: the loop does, by [TrainingLoop#publish].
  ///
  /// @return the number of steps done
  @Override
  public long publish() {
    return state.stepsDone();
  }

  @Override
  public void save(String folder) {
    Snapshot.write(
        Path.of(folder),
        state.stepsDone(),
        state.freeze(),
        Map.of(Checkpointed.SECTION, state.state()));
  }

  @Override
  public void restore(String folder) {
    state.restore(Snapshot.open(Path.of(folder)));
  }
}
