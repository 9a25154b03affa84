package dev.burnish.train;

import dev.burnish.safetensors.StoredTensor;
import dev.burnish.train.checkpoint.Freeze;
import dev.burnish.train.checkpoint.Pieces;
import dev.burnish.train.checkpoint.Snapshot;
import dev.burnish.train.memory.UpdateJournal;
import java.util.List;
import java.util.function.Consumer;

/// A trainer of another process, as the process that holds its [TrainerMemory] sees it: what it has
/// done, what checkpoints write and restore. Its checkpoints are those of a [LocalTrainer].
///
/// The trainer need not be alive for any of this. Threading: one thread, which neither restores nor
/// freezes while a step of the trainer is under way; the thread that writes a checkpoint reads the
/// pieces. An update waits for a part that is not written yet; the state of a small model is copied
/// instead.
public final class SharedTrainer implements Checkpointed, AutoCloseable {
  /// Most bytes of a state that is copied for a checkpoint.
  private static final long MOST_COPIED = 64L << 20;

  private final TrainerMemory memory;
  private final UpdateJournal journal;
  private final Moments moments;
  private final TrainerState state;
  private final long bytes;
  private final Health health = new Health(HealthConfig.defaults());
  private long followed;

  /// @param memory open while this is used
  public SharedTrainer(TrainerMemory memory) {
    this.memory = memory;
    journal = memory.journal();
    moments = memory.moments();
    state = new TrainerState(memory.parameters(), moments, false);
    bytes = state.bytes();
    follow();
  }

  /// Takes over the step that the trainer has done: its health and its alarms, each once.
  ///
  /// @return its report
  /// @throws IllegalStateException if no step was done since the state was created or restored
  public StepReport completed() {
    return follow()
        .report()
        .orElseThrow(() ->
            new IllegalStateException(
                "a step has a report once a trainer has done it: stepsDone=%d; wait for the trainer's step"
                    .formatted(stepsDone())));
  }

  private StepRecord follow() {
    StepRecord done = memory.done();
    if (journal.committed() != followed) {
      followed = journal.committed();
      health.follow(done.position().health(), List.copyOf(done.alarms()));
    }
    return done;
  }

  @Override
  public long stepsDone() {
    return memory.stepsDone();
  }

  /// The health that the trainer had after the last step of [#completed].
  @Override
  public Health health() {
    return health;
  }

  @Override
  public boolean ratesFollowTotalSteps() {
    return memory.config().ratesFollowTotalSteps();
  }

  /// @throws IllegalStateException also if a step is under way
  @Override
  public Pieces freeze() {
    return freeze(MOST_COPIED);
  }

  Pieces freeze(long mostCopied) {
    if (journal.isUpdating() || journal.isRestoring()) {
      throw new IllegalStateException(
          "a checkpoint is taken between steps: stepsDone=%d, and another is under way; wait for the trainer's step, also where it was made again"
              .formatted(stepsDone()));
    }
    Freeze frozen = state.freeze(mostCopied, stepsDone(), health);
    if (bytes <= mostCopied) {
      for (int part = 0; part < frozen.count(); part++) {
        frozen.beforeUpdate(part);
      }
      return frozen;
    }
    journal.holdFrom(0);
    return new Held(frozen);
  }

  /// Pieces that the trainer must not change before they are read, in the order of its update.
  private final class Held implements Pieces {
    private final Freeze frozen;

    Held(Freeze frozen) {
      this.frozen = frozen;
    }

    @Override
    public int count() {
      return frozen.count();
    }

    @Override
    public String name(int piece) {
      return frozen.name(piece);
    }

    @Override
    public void read(int piece, Consumer<List<StoredTensor>> reader) {
      frozen.read(piece, reader);
      journal.holdFrom(piece + 1);
    }

    @Override
    public void close() {
      frozen.close();
      journal.holdNothing();
    }
  }

  @Override
  public byte[] state() {
    return memory.done().position().toBytes();
  }

  @Override
  public void restore(Snapshot snapshot) {
    TrainerState.Position position = TrainerState.Position.of(snapshot);
    journal.restore(() -> state.restore(snapshot), StepRecord.at(position).toBytes());
    follow();
  }

  @Override
  public void restoreWeights(Snapshot snapshot) {
    StepRecord present = StepRecord.at(memory.done().position());
    journal.restore(() -> state.restoreWeights(snapshot), present.toBytes());
    follow();
  }

  /// Waits for a checkpoint that still reads from the memory.
  @Override
  public void close() {
    state.awaitDone();
    moments.close();
  }
}
