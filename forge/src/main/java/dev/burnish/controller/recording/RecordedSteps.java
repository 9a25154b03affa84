package dev.burnish.controller.recording;

import dev.burnish.controller.recording.StepRecording.Entry;
import dev.burnish.controller.recording.StepRecording.Entry.Begun;
import dev.burnish.controller.recording.StepRecording.Entry.Step;
import dev.burnish.controller.recording.StepRecording.Entry.Version;
import dev.burnish.rl.journal.RecordFile;
import dev.burnish.train.MicroBatch;
import dev.burnish.wire.WireException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;

/// The [StepRecording] of a run, read: what its trainer was made from, what each step of it was
/// given, and the digests of the weights that came of that. Where the run was resumed, the steps
/// that count are those that were done last. Micro-batches are read when they are asked for. One
/// thread; the file may grow meanwhile.
final class RecordedSteps implements AutoCloseable {
  private final RecordFile file;
  private final TrainerRole role;

  /// Where the step of a number is in the file.
  private final NavigableMap<Long, Long> steps = new TreeMap<>();

  private final NavigableMap<Long, Version> versions = new TreeMap<>();

  /// By the steps that were done before.
  private final NavigableMap<Long, Begun> begun = new TreeMap<>();

  private long numRecords;
  private long end;

  private RecordedSteps(Path path, TrainerRole role) {
    this.role = role;
    file = RecordFile.read(path, this::visit);
  }

  /// Reads which steps there are, up to the first damaged record.
  ///
  /// @param run its folder
  /// @throws IllegalArgumentException if the run has no recording of that trainer, or one of
  ///   another kind
  static RecordedSteps open(Path run, TrainerRole role) {
    Path path = run.resolve(role.recording());
    if (!Files.isRegularFile(path)) {
      throw new IllegalArgumentException(
          "a run to replay must have a recording: file=%s is not there; give the folder of a run with a loop, such as runs/sum-digits-..."
              .formatted(path));
    }
    return new RecordedSteps(path, role);
  }

  private void visit(long place, byte[] record) {
    numRecords++;
    end = place + record.length;
    switch (decode(record)) {
      case Begun each -> {
        long done = each.stepsDone();
        steps.tailMap(done, false).clear();
        versions.values().removeIf(version -> version.stepsDone() > done);
        begun.tailMap(done, true).clear();
        begun.put(done, each);
      }
      case Step(long number, List<MicroBatch> _) -> steps.put(number, place);
      case Version version -> versions.put(version.version(), version);
    }
  }

  private Entry decode(byte[] record) {
    try {
      return StepRecording.decode(record);
    } catch (WireException | ClassCastException e) {
      throw new IllegalArgumentException(
          "a record must be one that this version of Burnish wrote: record=%d of %s (%s); replay with the version that made the run"
              .formatted(numRecords, role.recording(), e.getMessage()),
          e);
    }
  }

  /// The trainer whose steps they are.
  TrainerRole role() {
    return role;
  }

  /// The model that it trains, `policy` or `critic`.
  String model() {
    return role.sets().trained();
  }

  /// The first record that cannot be read, where there is one: all after it is lost.
  Optional<String> damage() {
    return file.unreadable() == 0
        ? Optional.empty()
        : Optional.of(
            "record %d of %s, after byte %d, is damaged or half written"
                .formatted(numRecords + 1, role.recording(), end));
  }

  /// The last version that is recorded.
  ///
  /// @throws IllegalArgumentException if there is none
  long last() {
    if (versions.isEmpty()) {
      throw new IllegalArgumentException(
          "a run to replay must have trained: recorded versions=none%s"
              .formatted(damage().map(text -> "; " + text).orElse("")));
    }
    return versions.lastKey();
  }

  /// A version of the weights.
  ///
  /// @throws IllegalArgumentException if it is not recorded
  Version version(long number) {
    Version version = versions.get(number);
    if (version == null) {
      throw new IllegalArgumentException(
          "a step must be recorded to be replayed: step=%d recorded=%d to %d%s"
              .formatted(
                  number,
                  versions.isEmpty() ? 0 : versions.firstKey(),
                  last(),
                  damage().map(text -> "; " + text).orElse("")));
    }
    return version;
  }

  /// @throws IllegalArgumentException if a version is not recorded
  void requireVersion(long number) {
    Version ignored = version(number);
  }

  /// The material of the trainer that does a step.
  ///
  /// @param number of the trainer's step
  Begun before(long number) {
    return Optional.ofNullable(begun.floorEntry(number - 1))
        .orElseThrow(() ->
            new IllegalArgumentException(
                "a recording must say what the trainer was made from: step=%d recorded from=%s"
                    .formatted(number, begun.keySet())))
        .getValue();
  }

  /// The micro-batches of a step of the trainer.
  ///
  /// @throws IllegalArgumentException if they are not recorded
  List<MicroBatch> batch(long number) {
    Long place = steps.get(number);
    if (place == null) {
      throw new IllegalArgumentException(
          "each step of a trainer must be recorded: step=%d recorded steps=%d"
              .formatted(number, steps.size()));
    }
    return ((Step) StepRecording.decode(file.at(place))).batch();
  }

  @Override
  public void close() {
    file.close();
  }
}
