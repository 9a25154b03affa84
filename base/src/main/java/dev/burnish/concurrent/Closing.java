package dev.burnish.concurrent;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/// Closes many things in a bounded time, whatever they do.
///
/// The last one first, each when the one after it has closed. Slow ones share one time limit; once
/// that has passed, all that are left are closed at once.
///
/// @param threads run the closing
/// @param clock runs an action when a time has passed
/// @param patience until all are closed at once
/// @param limit for those that are closed then
public record Closing(Threads threads, Later clock, Duration patience, Duration limit) {
  private static final System.Logger LOG = System.getLogger(Closing.class.getName());

  /// Runs work soon, under a name.
  @FunctionalInterface
  public interface Threads {
    /// Runs it.
    void run(String name, Runnable work);
  }

  /// Runs an action when a time has passed.
  @FunctionalInterface
  public interface Later {
    /// Runs an action after a time, unless it is cancelled.
    Alarm after(Duration time, Runnable action);
  }

  /// Closes; exceptions are logged. An interrupt of the caller ends the waiting and stays set.
  ///
  /// @param name for threads
  /// @param opened in this order
  public void lastFirst(String name, List<? extends AutoCloseable> opened) {
    CountDownLatch all = new CountDownLatch(opened.size());
    List<CountDownLatch> closed = opened.stream().map(each -> new CountDownLatch(1)).toList();
    Alarm each =
        opened.size() > 1
            ? clock.after(patience, () -> closed.forEach(CountDownLatch::countDown))
            : Alarm.NONE;
    for (int i = opened.size() - 1; i >= 0; i--) {
      AutoCloseable next = opened.get(i);
      CountDownLatch isClosed = closed.get(i);
      threads.run(
          name + "/close",
          () -> {
            close(next);
            isClosed.countDown();
            all.countDown();
          });
      if (i > 0) {
        await(isClosed);
      }
    }
    each.cancel();
    if (all.getCount() > 0) {
      Alarm last = clock.after(limit, () -> opened.forEach(closeable -> all.countDown()));
      await(all);
      last.cancel();
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void close(AutoCloseable closeable) {
    try {
      closeable.close();
    } catch (Throwable e) {
      LOG.log(System.Logger.Level.WARNING, "failed to close: {0}", Thrown.text(e));
    }
  }
}
