package dev.burnish.train;

import dev.burnish.nn.Parameters;
import dev.burnish.train.TrainerState.Position;
import dev.burnish.train.memory.UpdateJournal;
import dev.burnish.train.memory.UpdateJournal.Scalars;
import java.time.Duration;
import java.util.Optional;

/// How a trainer works over [TrainerMemory]: it enters its updates and steps in the journal, and
/// finishes what the one before it had begun.
///
/// Threading: the trainer's.
final class Recovery implements AutoCloseable {
  private static final long NOTHING = 0;

  /// For the process of the trainer before to end, which was told to.
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final UpdateJournal journal;
  private final TrainerMemory memory;
  private final Update.Target target;
  // What this trainer has in its fields; less than any that was committed: out of date.
  private long known = NOTHING;

  Recovery(TrainerMemory memory, Update.Target target) {
    this.memory = memory;
    this.target = target;
    journal = memory.journal();
    journal.claim(PATIENCE);
  }

  /// Finishes the update that was under way, if there is one.
  ///
  /// @return the last step, where the trainer does not know it
  /// @throws IllegalStateException if a state was only half restored
  Optional<StepRecord> catchUp() {
    if (journal.isRestoring()) {
      throw new IllegalStateException(
          "a trainer goes on from a whole state: the process that restored it ended before it was; restore a checkpoint");
    }
    if (journal.isUpdating()) {
      finish();
    }
    if (journal.committed() == known) {
      return Optional.empty();
    }
    known = journal.committed();
    return Optional.of(memory.done());
  }

  private void finish() {
    long start = System.nanoTime();
    for (Parameters part : target.parts()) {
      part.gradients().free();
      if (part.gradients().size() > 0) {
        part.gradients().adopt();
      }
    }
    journal.again();
    target.apply(journal.scalars());
    journal.commit(journal.prepared().seconds() + (System.nanoTime() - start) / 1e9);
  }

  /// An update begins: its gradients are known.
  ///
  /// @param report of the step as it will be
  /// @param health after the step
  void begin(StepReport report, Health health, Scalars scalars) {
    known = NOTHING;
    for (Parameters part : target.parts()) {
      if (part.gradients().size() > 0) {
        part.gradients().values(); // those that nothing was added to become zero
      }
    }
    journal.begin(StepRecord.of(report, health).toBytes(), report.seconds(), scalars);
  }

  /// The update is done.
  void end(double seconds) {
    journal.commit(seconds);
    known = journal.committed();
  }

  /// A step is done whose update was skipped.
  void skipped(StepReport report, Health health) {
    known = NOTHING;
    journal.commit(StepRecord.of(report, health).toBytes(), report.seconds());
    known = journal.committed();
  }

  /// Puts another state in place.
  void restore(Position position, Runnable fill) {
    journal.restore(fill, StepRecord.at(position).toBytes());
  }

  @Override
  public void close() {
    journal.release();
  }
}
