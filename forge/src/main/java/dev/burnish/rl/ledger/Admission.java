package dev.burnish.rl.ledger;

import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// Admits groups so that none can become too old: a group takes one of `batch * (maxStaleness + 1)`
/// slots, and returns it when it was trained and the new version is published. So no group is stale
/// when it begins, and none has to be dropped afterwards, which would favour groups that are quick.
///
/// The group at position `p` is trained in step `t = p / batch`, on version `t`, and is made by
/// version `max(0, t - maxStaleness)` or a later one. Thread-safe.
public final class Admission {
  private final int batch;
  private final int maxStaleness;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private long next;
  private long published;
  private long returned;

  /// A group that may begin.
  ///
  /// @param position of the group in the data
  /// @param version the oldest that may make it, which is published
  public record Admitted(long position, long version) {}

  /// @param batch groups per step
  /// @throws IllegalArgumentException if a batch has no group, or the staleness is negative
  public Admission(int batch, int maxStaleness) {
    if (batch < 1) {
      throw new IllegalArgumentException("batch must be at least 1: batch=" + batch);
    }
    if (maxStaleness < 0) {
      throw new IllegalArgumentException(
          "maxStaleness must not be negative: maxStaleness=" + maxStaleness);
    }
    this.batch = batch;
    this.maxStaleness = maxStaleness;
  }

  /// Waits for a slot.
  ///
  /// @throws InterruptedException if the wait is interrupted; no slot is taken then
  public Admitted admit() throws InterruptedException {
    lock.lockInterruptibly();
    try {
      while (next >= limit()) {
        changed.await();
      }
      return admitted(next++);
    } finally {
      lock.unlock();
    }
  }

  private long limit() {
    return Math.max(returned, batch * published) + numSlots();
  }

  /// The group of a position, whether it was admitted before or not.
  public Admitted admitted(long position) {
    return new Admitted(position, Math.max(0, position / batch - maxStaleness));
  }

  /// Notes that a version is published: the groups that it was trained on return their slots. A
  /// version that is not newer changes nothing.
  public void published(long version) {
    lock.lock();
    try {
      published = Math.max(published, version);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /// Notes how many groups have returned their slots so far, where a step does not train exactly
  /// the positions of its own: those that were trained, and those that ended otherwise.
  public void returned(long slots) {
    lock.lock();
    try {
      returned = Math.max(returned, slots);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /// Continues at a position after a resume.
  public void resume(long position, long version) {
    lock.lock();
    try {
      next = position;
      published = version;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /// The next position to be admitted.
  public long next() {
    lock.lock();
    try {
      return next;
    } finally {
      lock.unlock();
    }
  }

  /// Groups that may be in flight at a time.
  public int numSlots() {
    return batch * (maxStaleness + 1);
  }
}
