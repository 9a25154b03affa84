package dev.burnish.controller;

import dev.burnish.concurrent.FaultPoint;
import dev.burnish.controller.recording.StepRecording;
import dev.burnish.controller.worker.TrainerActor;
import dev.burnish.kernel.Numerics;
import dev.burnish.train.Checkpointed;
import dev.burnish.train.MicroBatch;
import dev.burnish.train.PackedTokens;
import dev.burnish.train.SharedTrainer;
import dev.burnish.train.StepReport;
import dev.burnish.train.Trainer;
import dev.burnish.train.checkpoint.Snapshot;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/// The trainer of another process, as the learner of this one sees it: numbers its steps, so that
/// one that is sent again after a loss is done once, and records them. One call at a time.
///
/// Fault point: `trainer.step` before a step is sent, of a critic `critic.step`.
final class RemoteTrainer implements Trainer, AutoCloseable {
  private final HeldTrainer held;
  private final TrainerActor actor;
  private final SharedTrainer state;
  private final StepRecording recording;

  /// @param held what the trainer works on
  /// @param run the folder for the recording
  RemoteTrainer(HeldTrainer held, TrainerActor actor, Path run) {
    this.held = held;
    this.actor = actor;
    state = held.state();
    recording = StepRecording.open(run, held.role());
    recording.begun(held.spec(), held.model().source().orElse(""), state.stepsDone());
  }

  /// The trainer in its process.
  TrainerActor actor() {
    return actor;
  }

  /// Records that the present weights are those of a version.
  ///
  /// @param digests of each part
  void published(long version, List<Long> digests) {
    recording.published(version, digests);
  }

  @Override
  public StepReport step(List<MicroBatch> batch) {
    long number = state.stepsDone() + 1;
    recording.step(number, batch);
    FaultPoint.reach(held.role().process() + ".step");
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

  /// Ends the recording.
  @Override
  public void close() {
    recording.close();
  }
}
