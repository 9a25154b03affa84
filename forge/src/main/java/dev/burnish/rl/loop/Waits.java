package dev.burnish.rl.loop;

import java.util.concurrent.atomic.DoubleAdder;

/// Seconds for which threads of the loop have waited since the last report.
final class Waits {
  private final DoubleAdder forSlot = new DoubleAdder();
  private final DoubleAdder forRoom = new DoubleAdder();
  private final DoubleAdder forBatch = new DoubleAdder();

  /// Work that is waited for.
  interface Wait<T> {
    T get() throws InterruptedException;
  }

  /// For a slot: all of them are taken.
  <T> T forSlot(Wait<T> wait) throws InterruptedException {
    return measure(forSlot, wait);
  }

  /// For room in the buffer.
  <T> T forRoom(Wait<T> wait) throws InterruptedException {
    return measure(forRoom, wait);
  }

  /// For the batch of a step.
  <T> T forBatch(Wait<T> wait) throws InterruptedException {
    return measure(forBatch, wait);
  }

  private static <T> T measure(DoubleAdder sum, Wait<T> wait) throws InterruptedException {
    long begin = System.nanoTime();
    try {
      return wait.get();
    } finally {
      sum.add((System.nanoTime() - begin) / 1e9);
    }
  }

  /// The sums, which begin again.
  LoopReport.Waited reset() {
    return new LoopReport.Waited(
        forSlot.sumThenReset(), forRoom.sumThenReset(), forBatch.sumThenReset());
  }
}
