package dev.burnish.link.bulk;

import dev.burnish.concurrent.Waits;
import dev.burnish.link.failure.ReplicaLost;
import java.time.Duration;
import java.util.BitSet;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// The bytes of a region that are there, while they come from elsewhere: those who read it on other
/// hosts wait for what has not come yet, so that a host passes on what it has of a region before it
/// has all of it. Thread-safe.
public final class Arrivals {
  /// Bytes of a block, which comes as one; the last one may be shorter.
  public static final int BLOCK = 1 << 20;

  private final long size;
  private final int numBlocks;
  private final BitSet there = new BitSet();
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private @Nullable String failure;

  /// @param size of the region
  public Arrivals(long size) {
    this.size = size;
    this.numBlocks = Math.toIntExact((size + BLOCK - 1) / BLOCK);
  }

  /// The number of blocks.
  public int numBlocks() {
    return numBlocks;
  }

  /// Bytes of a block.
  public long bytes(int block) {
    return Math.min(BLOCK, size - (long) block * BLOCK);
  }

  /// Notes that a block is there.
  ///
  /// @return whether it was the last one
  public boolean arrived(int block) {
    lock.lock();
    try {
      boolean isNew = !there.get(block);
      there.set(block);
      changed.signalAll();
      return isNew && there.cardinality() == numBlocks;
    } finally {
      lock.unlock();
    }
  }

  /// Whether a block is there.
  public boolean isThere(int block) {
    lock.lock();
    try {
      return there.get(block);
    } finally {
      lock.unlock();
    }
  }

  /// Ends all waits: what is not there will not come.
  public void fail(String why) {
    lock.lock();
    try {
      failure = why;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /// Waits for runs of bytes, a given time.
  ///
  /// @return whether they are there
  /// @throws ReplicaLost if they will not come
  public boolean await(Runs runs, Duration limit) throws InterruptedException {
    long left = limit.toNanos();
    lock.lock();
    try {
      while (!hasAll(runs)) {
        String why = failure;
        if (why != null) {
          throw new ReplicaLost("bytes that were to come must come: %s (%s)".formatted(runs, why));
        }
        if (left <= 0) {
          return false;
        }
        left = Waits.awaitNanos(changed, left);
      }
      return true;
    } finally {
      lock.unlock();
    }
  }

  private boolean hasAll(Runs runs) {
    int last = (int) ((runs.start(runs.count() - 1) + runs.run() - 1) / BLOCK);
    return there.nextClearBit((int) (runs.offset() / BLOCK)) > last;
  }
}
