package dev.burnish.controller;

import dev.burnish.controller.worker.TrainerSpec;
import dev.burnish.rl.journal.RecordFile;
import dev.burnish.train.MicroBatch;
import dev.burnish.wire.Codec;
import dev.burnish.wire.Session;
import java.nio.file.Path;
import java.util.List;

/// The file `updates.bin` of a run: what its trainer is made from, what each step of it was given,
/// and the digests of the weights that were published. `burnish replay` trains again from it.
///
/// A step that is done again after a resume stands there twice; the later one counts. One thread.
final class StepRecording implements AutoCloseable {
  static final String FILE = "updates.bin";

  private static final Codec CODEC = RecordFile.codecs().of(Entry.class);

  /// An entry of the file.
  sealed interface Entry {
    /// A run begins or is resumed.
    ///
    /// @param source of the weights under an adaptation; empty for none
    record Begun(TrainerSpec spec, String source, long stepsDone) implements Entry {}

    /// The trainer is given a step.
    record Step(long number, List<MicroBatch> batch) implements Entry {}

    /// The weights were published.
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
  static StepRecording open(Path folder) {
    return new StepRecording(RecordFile.append(folder.resolve(FILE), (_, _) -> {}));
  }

  void begun(TrainerSpec spec, String source, long done) {
    stepsDone = done;
    append(new Entry.Begun(spec, source, done));
  }

  void step(long number, List<MicroBatch> batch) {
    stepsDone = number;
    append(new Entry.Step(number, batch));
  }

  void published(long version, List<Long> digests) {
    append(new Entry.Version(version, stepsDone, digests));
  }

  private void append(Entry entry) {
    long ignored = file.append(CODEC.encode(List.of(entry), Session.NONE));
  }

  /// Makes everything that was recorded durable.
  void force() {
    file.force();
  }

  static Entry decode(byte[] record) {
    return (Entry) CODEC.decode(record, Session.NONE).getFirst();
  }

  @Override
  public void close() {
    file.close();
  }
}
