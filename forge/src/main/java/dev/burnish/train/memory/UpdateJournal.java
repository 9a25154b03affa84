package dev.burnish.train.memory;

import dev.burnish.concurrent.FaultPoint;
import dev.burnish.kernel.Team;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;

/// The journal of a trainer in memory that other processes hold too: which step is done, and how
/// far the update of the one under way has come, so that another process finishes it to the same
/// bits wherever the first was killed.
///
/// Idea: forward and backward change only gradients, so a step that dies there is done again. An
/// update changes weights and moments in place, and is finished from the gradients, which are
/// complete by then. Before it begins, everything that the step will have been (position, health,
/// report) is written to the one of two records that is not in use, and the scalars of the update
/// next to it. The update goes chunk by chunk. Each chunk is copied to the undo area before it is
/// changed, and counted when it is; the chunk that was under way is put back and changed again. At
/// the end one word makes the other record the present one.
///
/// Invariants: a record is complete before [#committed] selects it; scalars and gradients are
/// complete before the phase is [#UPDATING]; the undo area is complete before it is marked with its
/// chunk, and the chunk that is marked is either being changed or done.
///
/// A killed process leaves behind all that it had stored, in an order that release stores and
/// acquire loads make visible; nothing here is on a disk. Threading: one trainer at a time writes,
/// which [#claim] enforces; any process reads.
public final class UpdateJournal {
  /// The scalars of an update.
  ///
  /// @param number of the update, counted from 1 without skipped ones
  public record Scalars(double lr, long number, double gradScale) {}

  /// Short digests of what the state belongs to.
  public record Identity(long model, long optimizer) {}

  /// The record of the last step that was done.
  ///
  /// @param seconds that the step took
  @SuppressWarnings("ArrayRecordComponent") // decoded at once by its only reader
  public record Done(byte[] bytes, double seconds) {}

  /// Bytes of the longest record.
  public static final int LONGEST_RECORD = (256 << 10) - 16;

  private static final long HEADER = 4096;
  private static final long RECORD = 256 << 10;

  /// Bytes of the journal.
  static final long BYTES = HEADER + 2 * RECORD;

  private static final VarHandle WORD = ValueLayout.JAVA_LONG.varHandle();
  private static final long MAGIC = 0x4255_524e_5452_0001L;

  // Offsets of words.
  private static final long MAGIC_AT = 0;
  private static final long SIZE = 8;
  private static final long MODEL = 16;
  private static final long OPTIMIZER = 24;
  private static final long CLAIM = 32;
  private static final long OWNER = 40;
  private static final long PHASE = 48;
  private static final long COMMITTED = 56;
  private static final long BEGUN_AFTER = 64;
  private static final long LR = 72;
  private static final long NUMBER = 80;
  private static final long GRAD_SCALE = 88;
  private static final long CHUNKS_DONE = 96;
  private static final long UNDO_OF = 104;
  private static final long HELD_FROM = 112;
  private static final long OWNER_START = 120;

  private static final long IDLE = 0;
  private static final long UPDATING = 1;
  private static final long RESTORING = 2;

  /// Milliseconds by which the system may report the start of one process differently.
  private static final long SAME_START = 2000;

  private static final int PIECE = 1 << 18;

  private final MemorySegment memory;
  private final MemorySegment undo;
  private final long size;
  private long claim;
  private long chunk;

  /// @param undo room for the largest chunk
  /// @param size bytes of all state
  public UpdateJournal(MemorySegment memory, MemorySegment undo, long size) {
    this.memory = memory;
    this.undo = undo;
    this.size = size;
  }

  /// Begins a journal in memory of zeros, with the record of no steps; what it covers is complete
  /// already.
  public void create(Identity identity, byte[] record) {
    set(SIZE, size);
    set(MODEL, identity.model());
    set(OPTIMIZER, identity.optimizer());
    set(HELD_FROM, Long.MAX_VALUE);
    prepare(record, 0);
    publish(COMMITTED, 1);
    publish(MAGIC_AT, MAGIC);
  }

  /// @throws IllegalArgumentException if the memory has no journal, or one of something else
  public void requireIs(Identity identity) {
    if (get(MAGIC_AT) != MAGIC || get(SIZE) != size) {
      throw new IllegalArgumentException(
          "a trainer attaches to memory that was filled for its model and optimizer: magic=%x bytes=%d expected=%d; create the state there first, for the same model and optimizer"
              .formatted(get(MAGIC_AT), get(SIZE), size));
    }
    require("model", MODEL, identity.model());
    require("optimizer", OPTIMIZER, identity.optimizer());
  }

  private void require(String what, long at, long digest) {
    if (get(at) != digest) {
      throw new IllegalArgumentException(
          "a trainer attaches to memory of the same %s: memory=%016x given=%016x; give it the %s that the state was created for"
              .formatted(what, get(at), digest, what));
    }
  }

  /// Makes this process the one whose trainer writes, once the one before it has ended.
  ///
  /// @param patience how long a process that is ending is waited for
  /// @throws IllegalStateException if the process of the trainer before stays alive
  public void claim(Duration patience) {
    ProcessHandle self = ProcessHandle.current();
    Optional<ProcessHandle> other =
        ProcessHandle.of(get(OWNER))
            .filter(process -> !process.equals(self))
            .filter(process -> Math.abs(start(process) - get(OWNER_START)) < SAME_START);
    if (other.isPresent() && !ended(other.get(), patience)) {
      throw new IllegalStateException(
          "the state of a trainer has one trainer at a time: pid=%d has it and is alive after %s; end that process first"
              .formatted(other.get().pid(), patience));
    }
    claim = (long) WORD.getAndAdd(memory, CLAIM, 1L) + 1;
    set(OWNER_START, start(self));
    publish(OWNER, self.pid());
  }

  /// Milliseconds, 0 where the system does not tell: so that a process that was given the number of
  /// one that has ended is not taken for it.
  private static long start(ProcessHandle process) {
    return process.info().startInstant().map(Instant::toEpochMilli).orElse(0L);
  }

  /// A process that was killed may be listed for a moment longer, until its parent has seen it end.
  private static boolean ended(ProcessHandle process, Duration patience) {
    long end = System.nanoTime() + patience.toNanos();
    while (process.isAlive() && System.nanoTime() < end) {
      LockSupport.parkNanos(1_000_000);
    }
    return !process.isAlive();
  }

  private void requireClaimed() {
    if (get(CLAIM) != claim) {
      throw new IllegalStateException(
          "another trainer has taken over this state: claim=%d present=%d; use that one"
              .formatted(claim, get(CLAIM)));
    }
  }

  /// A number that grows with every step that is done and every state that is restored.
  public long committed() {
    return get(COMMITTED);
  }

  /// Lets the trainer of another process write while this one lives on.
  public void release() {
    if (get(CLAIM) == claim) {
      publish(OWNER, 0);
    }
  }

  public Done done() {
    return record(HEADER + RECORD * (committed() & 1));
  }

  /// The step whose update was begun, as it will be.
  public Done prepared() {
    return record(otherRecord());
  }

  private Done record(long at) {
    byte[] bytes = new byte[Math.toIntExact(get(at))];
    MemorySegment.copy(memory, ValueLayout.JAVA_BYTE, at + 16, bytes, 0, bytes.length);
    return new Done(bytes, Double.longBitsToDouble(get(at + 8)));
  }

  private long otherRecord() {
    return HEADER + RECORD * ((committed() + 1) & 1);
  }

  private void prepare(byte[] record, double seconds) {
    if (record.length > LONGEST_RECORD) {
      throw new IllegalArgumentException(
          "the record of a step must fit the journal: bytes=%d longest=%d; lower train.health.window"
              .formatted(record.length, LONGEST_RECORD));
    }
    long at = otherRecord();
    set(at, record.length);
    set(at + 8, Double.doubleToRawLongBits(seconds));
    MemorySegment.copy(record, 0, memory, ValueLayout.JAVA_BYTE, at + 16, record.length);
  }

  /// Whether an update was begun and not committed.
  public boolean isUpdating() {
    return get(PHASE) == UPDATING && get(BEGUN_AFTER) == committed();
  }

  /// Whether a state was being restored.
  public boolean isRestoring() {
    return get(PHASE) == RESTORING;
  }

  /// The scalars of the update that was begun last.
  public Scalars scalars() {
    return new Scalars(
        Double.longBitsToDouble(get(LR)), get(NUMBER), Double.longBitsToDouble(get(GRAD_SCALE)));
  }

  /// Begins an update: all gradients are complete.
  ///
  /// @param record of the step as it will be when the update is done
  public void begin(byte[] record, double seconds, Scalars scalars) {
    requireClaimed();
    FaultPoint.reach("trainer.prepare");
    publish(PHASE, IDLE); // of a process that was killed after its commit
    prepare(record, seconds);
    set(LR, Double.doubleToRawLongBits(scalars.lr()));
    set(NUMBER, scalars.number());
    set(GRAD_SCALE, Double.doubleToRawLongBits(scalars.gradScale()));
    set(BEGUN_AFTER, committed());
    set(CHUNKS_DONE, 0);
    set(UNDO_OF, 0);
    chunk = 0;
    FaultPoint.reach("trainer.begin");
    publish(PHASE, UPDATING);
  }

  /// Goes through the update that was begun from its first chunk again: those that are done are
  /// passed over.
  public void again() {
    requireClaimed();
    chunk = 0;
  }

  /// The next chunk of the update, always in the same order.
  ///
  /// @param state of the chunk, which `change` changes in place
  public void chunk(List<MemorySegment> state, Runnable change) {
    requireClaimed();
    long number = ++chunk;
    if (number <= get(CHUNKS_DONE)) {
      return;
    }
    if (get(UNDO_OF) == number) {
      copy(state, Direction.BACK);
    } else {
      FaultPoint.reach("trainer.keepChunk");
      copy(state, Direction.TO_UNDO);
      FaultPoint.reach("trainer.markChunk");
      publish(UNDO_OF, number);
    }
    FaultPoint.reach("trainer.changeChunk");
    change.run();
    FaultPoint.reach("trainer.countChunk");
    publish(CHUNKS_DONE, number);
  }

  private enum Direction {
    TO_UNDO,
    BACK
  }

  private void copy(List<MemorySegment> state, Direction direction) {
    long at = 0;
    for (MemorySegment run : state) {
      MemorySegment kept = undo.asSlice(at, run.byteSize());
      switch (direction) {
        case TO_UNDO -> copy(run, kept);
        case BACK -> copy(kept, run);
      }
      at += run.byteSize();
    }
  }

  private static void copy(MemorySegment from, MemorySegment to) {
    int pieces = Math.toIntExact((from.byteSize() + PIECE - 1) / PIECE);
    Team.shared()
        .run(
            pieces,
            piece -> {
              long at = (long) piece * PIECE;
              MemorySegment.copy(from, at, to, at, Math.min(PIECE, from.byteSize() - at));
            });
  }

  /// The update that was begun is done, and with it the step.
  ///
  /// @param seconds that it took
  public void commit(double seconds) {
    requireClaimed();
    set(otherRecord() + 8, Double.doubleToRawLongBits(seconds));
    FaultPoint.reach("trainer.commit");
    publish(COMMITTED, committed() + 1);
    FaultPoint.reach("trainer.end");
    publish(PHASE, IDLE);
  }

  /// A step that changes no weights is done.
  public void commit(byte[] record, double seconds) {
    requireClaimed();
    prepare(record, seconds);
    FaultPoint.reach("trainer.commit");
    publish(COMMITTED, committed() + 1);
  }

  /// Puts another state in place of the present one. Where `fill` is not completed, nothing can be
  /// trained until another call is.
  ///
  /// @param fill changes values and moments
  public void restore(Runnable fill, byte[] record) {
    publish(PHASE, RESTORING);
    fill.run();
    prepare(record, 0);
    publish(COMMITTED, committed() + 1);
    publish(PHASE, IDLE);
  }

  /// Lets a reader keep all parts from that index on as they are: an update waits before it.
  public void holdFrom(int part) {
    publish(HELD_FROM, part);
  }

  /// Lets an update change all parts.
  public void holdNothing() {
    publish(HELD_FROM, Long.MAX_VALUE);
  }

  /// Waits until a part may be changed, however long that takes: a checkpoint must not be torn. It
  /// polls, since a word of memory notifies no other process.
  public void awaitNotHeld(int part) {
    boolean interrupted = false;
    while (part >= get(HELD_FROM)) {
      LockSupport.parkNanos(200_000);
      interrupted |= Thread.interrupted();
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private long get(long at) {
    return (long) WORD.getAcquire(memory, at);
  }

  /// A word of which nobody reads before a later [#publish].
  private void set(long at, long value) {
    WORD.set(memory, at, value);
  }

  /// Makes everything visible that was stored before.
  private void publish(long at, long value) {
    WORD.setRelease(memory, at, value);
  }
}
