package dev.burnish.service.directory;

import dev.burnish.concurrent.Waits;
import dev.burnish.link.Clock;
import dev.burnish.link.failure.CallCancelled;
import dev.burnish.link.failure.CallTimedOut;
import java.time.Duration;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// For how long a process may use its view of the replicas: [#TIME] from its request for that view.
/// So the owner of the service, which receives the request later, knows when a process that does
/// not respond any more sends no call to a replica that has left. A process that was stopped and
/// resumes finds its lease expired. Thread-safe.
public final class Lease {
  /// How long one lasts.
  public static final Duration TIME = Duration.ofSeconds(5);

  private final String service;
  private final Clock clock;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private volatile long until;
  private volatile boolean ended;

  /// A lease that is expired until it is extended.
  public Lease(String service, Clock clock) {
    this.service = service;
    this.clock = clock;
    this.until = clock.nanos();
  }

  /// Extends the lease: the owner has answered.
  ///
  /// @param asked when it was asked, in nanoseconds of the clock
  public void extend(long asked) {
    change(() -> until = Math.max(until, asked + TIME.toNanos()));
  }

  /// Called when the service has ended: no thread waits any more.
  public void end() {
    change(() -> ended = true);
  }

  private void change(Runnable work) {
    lock.lock();
    try {
      work.run();
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private boolean lasts() {
    return ended || until - clock.nanos() > 0;
  }

  /// Returns when the lease is valid, which is at once unless the owner is slow to answer.
  ///
  /// @param call that waits
  /// @param deadline in nanoseconds of the clock
  /// @throws CallTimedOut if the deadline passes
  /// @throws CallCancelled if the thread is interrupted, which stays set
  public void await(Object call, long deadline) {
    if (lasts()) {
      return;
    }
    lock.lock();
    try {
      while (!lasts()) {
        long left = deadline - clock.nanos();
        if (left <= 0) {
          throw new CallTimedOut(
              "the owner of service %s did not say before the deadline which replicas are healthy: call=%s"
                  .formatted(service, call));
        }
        var _ = Waits.awaitNanos(changed, left);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CallCancelled("the caller was interrupted: call=" + call);
    } finally {
      lock.unlock();
    }
  }
}
