package dev.burnish.service.directory;

import dev.burnish.concurrent.Waits;
import dev.burnish.link.Clock;
import dev.burnish.service.directory.ReplicaDirectory.Report;
import dev.burnish.service.directory.ReplicaDirectory.WatcherId;
import dev.burnish.service.routing.Load;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;

/// The processes that call a service, except that of its owner, with their latest reports. A
/// process that has been silent for the time of its [Lease] sends no call to a replica that has
/// left, whatever its view: it is not counted until it reports again. Thread-safe.
final class Watchers {
  /// Margin for clocks that run at slightly different rates.
  private static final Duration MARGIN = Duration.ofMillis(250);

  /// Leases expire, and connections end, without a report.
  private static final Duration LOOK = Duration.ofMillis(50);

  private static final long STILL = Lease.TIME.plus(MARGIN).toNanos();

  private final Clock clock;
  private final Predicate<String> isConnected;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Map<WatcherId, Heard> heard = new HashMap<>();
  private boolean any;

  private record Heard(Report report, long nanos) {
    /// Reports of one process may overtake each other.
    Heard then(Heard later) {
      return later.report.version() >= report.version() ? later : new Heard(report, later.nanos);
    }
  }

  /// @param isConnected whether there is a connection to a process
  Watchers(Clock clock, Predicate<String> isConnected) {
    this.clock = clock;
    this.isConnected = isConnected;
  }

  void note(Report report) {
    lock.lock();
    try {
      any = true;
      heard.merge(report.watcher(), new Heard(report, clock.nanos()), Heard::then);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /// Whether there has ever been one.
  boolean hadAny() {
    lock.lock();
    try {
      return any;
    } finally {
      lock.unlock();
    }
  }

  /// Waits until all watchers that count have reported. An interrupt stays set and does not end it,
  /// as it takes no longer than a lease.
  void awaitAll(Predicate<Report> said) {
    boolean interrupted = false;
    lock.lock();
    try {
      while (!haveAll(said)) {
        try {
          awaitReport(LOOK.toNanos());
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    } finally {
      lock.unlock();
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /// Waits until all connected processes have sent a report, or a time has passed. An interrupt,
  /// which stays set, ends it.
  void awaitConnected(Predicate<Report> said, Duration limit) {
    Predicate<Report> done =
        report -> said.test(report) || !isConnected.test(report.watcher().process());
    long deadline = clock.nanos() + limit.toNanos();
    lock.lock();
    try {
      while (!haveAll(done) && deadline - clock.nanos() > 0) {
        awaitReport(Math.min(LOOK.toNanos(), deadline - clock.nanos()));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      lock.unlock();
    }
  }

  @SuppressWarnings("WaitNotInLoop") // the callers loop
  private void awaitReport(long nanos) throws InterruptedException {
    var _ = Waits.awaitNanos(changed, nanos);
  }

  private boolean haveAll(Predicate<Report> said) {
    forget();
    return heard.values().stream().map(Heard::report).allMatch(said);
  }

  private void forget() {
    long now = clock.nanos();
    heard.values().removeIf(of -> now - of.nanos > STILL);
  }

  /// A load extended by the calls of all that count.
  Load with(Load own) {
    lock.lock();
    try {
      forget();
      return own.plus(
          heard.values().stream().mapToInt(of -> of.report.numQueued()).sum(),
          heard.values().stream().mapToInt(of -> of.report.numInFlight()).sum());
    } finally {
      lock.unlock();
    }
  }
}
