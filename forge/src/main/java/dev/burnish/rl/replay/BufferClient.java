package dev.burnish.rl.replay;

import dev.burnish.concurrent.Stop;
import dev.burnish.rollout.ScoredGroup;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongFunction;

/// The controller's side of a [ReplayBuffer], which survives the loss of its process.
///
/// Idea: the process holds the groups, this holds their positions in a [GroupBuffer] of its own
/// that goes through the same changes, and a journal holds their bytes. A process that was
/// restarted is empty, which the next call notices; it is filled from both under a new incarnation,
/// and the call is made again. So a batch that was taken is the same after a loss.
///
/// Waits are here, not in the process: an hour's wait for a slow group needs no call that lasts an
/// hour, and ends at once when the rollouts have [#fail]ed. Thread-safe; changes are made one at a
/// time.
public final class BufferClient {
  private static final int MOST_RESTORES = 10;
  private static final Duration LOOK = Duration.ofMillis(50);

  private final ReplayBuffer buffer;
  private final BufferConfig config;
  private final LongFunction<ScoredGroup> source;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private GroupBuffer<Long> known;
  private Optional<RuntimeException> failure = Optional.empty();
  private long incarnation;
  private boolean filled;

  /// @param buffer such as the route of a service
  /// @param source finds a group that was added, by its position
  public BufferClient(ReplayBuffer buffer, BufferConfig config, LongFunction<ScoredGroup> source) {
    this.buffer = buffer;
    this.config = config;
    this.source = source;
    this.known = new GroupBuffer<>(config);
  }

  /// Continues with a state that [#snapshot] returned, or at a position.
  public void resume(Snapshot<Long> state) {
    lock.lock();
    try {
      known = new GroupBuffer<>(config, state);
      filled = false;
    } finally {
      lock.unlock();
    }
  }

  /// Adds a group; waits while there is no room.
  ///
  /// @throws RuntimeException what [#fail] was given
  public void add(Held<ScoredGroup> group) throws InterruptedException {
    lock.lockInterruptibly();
    try {
      while (!known.canAdd(group.position())) {
        await();
      }
      change(b -> b.add(incarnation, group));
      known.add(group.with(group.position()));
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /// Marks a position as one without a group.
  public void skip(long position) {
    lock.lock();
    try {
      change(b -> b.skip(incarnation, position));
      known.skip(position);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /// Waits for the batch that is trained on a version; the same until it is released.
  ///
  /// @throws RuntimeException what [#fail] was given
  /// @throws dev.burnish.concurrent.Stopped if the process was asked to end
  public Batch<ScoredGroup> take(long version) throws InterruptedException {
    lock.lockInterruptibly();
    try {
      while (!known.canTake(version)) {
        await();
        Stop.check();
      }
      Batch<Long> batch = call(b -> b.take(incarnation, version));
      requireSame(batch, known.take(version));
      changed.signalAll();
      return batch.map(held -> call(b -> b.group(incarnation, held.position())).group());
    } finally {
      lock.unlock();
    }
  }

  private static void requireSame(Batch<Long> there, Batch<Long> here) {
    if (!there.equals(here)) {
      throw new IllegalStateException(
          "the buffer and its client must agree, otherwise it is a fault: version=%d there=%s here=%s"
              .formatted(here.version(), there.positions(), here.positions()));
    }
  }

  /// Releases the batches of a version and of those before it.
  public void release(long version) {
    lock.lock();
    try {
      change(b -> b.release(incarnation, version));
      known.release(version);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /// Sets how much is to be learned from a group; no effect unless priorities choose.
  public void prioritise(long position, double priority) {
    lock.lock();
    try {
      change(b -> b.prioritise(incarnation, position, priority));
      known.prioritise(position, priority);
    } finally {
      lock.unlock();
    }
  }

  /// Ends all waits, now and later, with an exception.
  public void fail(RuntimeException why) {
    lock.lock();
    try {
      failure = failure.or(() -> Optional.of(why));
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /// Whether a group waits, or was taken and not released.
  public boolean holds(long position) {
    lock.lock();
    try {
      return known.find(position).isPresent();
    } finally {
      lock.unlock();
    }
  }

  /// The state without the groups, which are given by their positions.
  public Snapshot<Long> snapshot() {
    lock.lock();
    try {
      return known.snapshot();
    } finally {
      lock.unlock();
    }
  }

  @SuppressWarnings("WaitNotInLoop") // the callers loop
  private void await() throws InterruptedException {
    throwFailure();
    long ignored = changed.awaitNanos(LOOK.toNanos());
    throwFailure();
  }

  private void throwFailure() {
    failure.ifPresent(why -> {
      throw why;
    });
  }

  private void change(Consumer<ReplayBuffer> change) {
    call(b -> {
      change.accept(b);
      return true;
    });
  }

  /// Calls the process. After a call that failed its content is not known, and it is filled again
  /// before the next.
  private <R> R call(Function<ReplayBuffer, R> call) {
    for (int restores = 0; ; restores++) {
      try {
        fill();
        filled = false;
        R result = call.apply(buffer);
        filled = true;
        return result;
      } catch (UnknownIncarnationException e) {
        if (restores == MOST_RESTORES) {
          throw e;
        }
      }
    }
  }

  private void fill() {
    if (filled) {
      return;
    }
    incarnation++;
    Snapshot<Long> state = known.snapshot();
    state.kept().forEach(each -> hold(each.held()));
    state.open().forEach(batch -> batch.held().forEach(this::hold));
    buffer.restore(incarnation, state);
    filled = true;
  }

  private void hold(Held<Long> held) {
    buffer.hold(incarnation, held.with(source.apply(held.position())));
  }
}
