package dev.burnish.serve;

import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/// Closes connections whose client takes too long: to read what is written to it, since a write has
/// no time limit of its own, or to end the sending of what was refused. Thread-safe.
final class ClientDeadline implements AutoCloseable {
  private final ScheduledThreadPoolExecutor timer =
      new ScheduledThreadPoolExecutor(
          1, Thread.ofPlatform().name("serve-deadlines").daemon().factory());
  private final Duration limit;

  ClientDeadline(Duration limit) {
    this.limit = limit;
    timer.setRemoveOnCancelPolicy(true);
  }

  /// Runs a transfer, and closes the connection if it has not ended within the limit; then the
  /// transfer fails or ends.
  void within(ClientConnection connection, Runnable transfer) {
    Future<?> closing = timer.schedule(connection::close, limit.toNanos(), TimeUnit.NANOSECONDS);
    try {
      transfer.run();
    } finally {
      closing.cancel(false);
    }
  }

  @Override
  public void close() {
    timer.shutdownNow();
  }
}
