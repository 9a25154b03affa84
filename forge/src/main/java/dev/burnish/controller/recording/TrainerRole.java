package dev.burnish.controller.recording;

import dev.burnish.controller.worker.WeightSets;
import java.nio.file.Files;
import java.nio.file.Path;

/// The trainers that a loop may have, by what they train.
public enum TrainerRole {
  POLICY("trainer", "", WeightSets.POLICY, "updates.bin"),
  CRITIC("critic", "critic", WeightSets.CRITIC, "critic-updates.bin");

  private final String process;
  private final String owner;

  @SuppressWarnings("ImmutableEnumChecker") // a record of two texts
  private final WeightSets sets;

  private final String recording;

  TrainerRole(String process, String owner, WeightSets sets, String recording) {
    this.process = process;
    this.owner = owner;
    this.sets = sets;
    this.recording = recording;
  }

  /// The name of its process.
  public String process() {
    return process;
  }

  /// Its name in checkpoints; that of the policy is empty.
  public String owner() {
    return owner;
  }

  /// The names of its weights.
  public WeightSets sets() {
    return sets;
  }

  /// The file of its [StepRecording].
  String recording() {
    return recording;
  }

  /// Whether a run has its recording.
  ///
  /// @param run its folder
  boolean isRecorded(Path run) {
    return Files.exists(run.resolve(recording));
  }
}
