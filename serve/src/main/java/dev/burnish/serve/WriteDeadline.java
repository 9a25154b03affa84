package dev.burnish.serve;

import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/// Closes connections whose client does not read for too long what is written to it: a write has no
/// time limit of its own. Thread-safe.
final class WriteDeadline implements AutoCloseable {
  private final ScheduledThreadPoolExecutor timer =
      new ScheduledThreadPoolExecutor(
          1, Thread.ofPlatform().name("serve-deadlines").daemon().factory());
  private final Duration limit;

  WriteDeadline(Duration limit) {
    this.limit = limit;
    timer.setRemoveOnCancelPolicy(true);
  }

  /// Runs a write, and closes the connection if it has not ended within the limit; then the write
  /// fails.
  void within(ClientConnection connection, Runnable write) {
    Future<?> closing = timer.schedule(connection::close, limit.toNanos(), TimeUnit.NANOSECONDS);
    try {
      write.run();
    } finally {
      closing.cancel(false);
    }
  }

  @Override
  public void close() {
    timer.shutdownNow();
  }
}
