package dev.burnish.controller.recording;

import dev.burnish.controller.worker.TrainerSpec;
import dev.burnish.rl.journal.RecordFile;
import dev.burnish.train.MicroBatch;
import dev.burnish.wire.Codec;
import dev.burnish.wire.Session;
import java.nio.file.Path;
import java.util.List;

/// The file of a trainer of a run, such as `updates.bin`: what it is made from, what each step of
/// it was given, and the digests of its weights after each step of the run. `burnish replay` trains
/// again from it.
///
/// A step that is done again after a resume stands there twice; the later one counts. One thread.
public final class StepRecording implements AutoCloseable {
  private static final Codec CODEC = RecordFile.codecs().of(Entry.class);

  /// An entry of the file.
  sealed interface Entry {
    /// A run begins or is resumed.
    ///
    /// @param source of the weights under an adaptation; empty for none
    record Begun(TrainerSpec spec, String source, long stepsDone) implements Entry {}

    /// The trainer is given a step.
    record Step(long number, List<MicroBatch> batch) implements Entry {}

    /// The weights are those of a version.
    ///
    /// @param version steps of the run
    /// @param stepsDone steps of the trainer
    /// @param digests of each part
    record Version(long version, long stepsDone, List<Long> digests) implements Entry {}
  }

  private final RecordFile file;
  private long stepsDone;

  private StepRecording(RecordFile file) {
    this.file = file;
  }

  /// Opens the recording of a run, or begins one.
  public static StepRecording open(Path folder, TrainerRole role) {
    return new StepRecording(RecordFile.append(folder.resolve(role.recording()), (_, _) -> {}));
  }

  public void begun(TrainerSpec spec, String source, long done) {
    stepsDone = done;
    append(new Entry.Begun(spec, source, done));
  }

  public void step(long number, List<MicroBatch> batch) {
    stepsDone = number;
    append(new Entry.Step(number, batch));
  }

  public void published(long version, List<Long> digests) {
    append(new Entry.Version(version, stepsDone, digests));
  }

  private void append(Entry entry) {
    long ignored = file.append(CODEC.encode(List.of(entry), Session.NONE));
  }

  static Entry decode(byte[] record) {
    return (Entry) CODEC.decode(record, Session.NONE).getFirst();
  }

  @Override
  public void close() {
    try (file) {
      file.force();
    }
  }
}
