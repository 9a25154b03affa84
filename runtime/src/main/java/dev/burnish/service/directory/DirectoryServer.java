package dev.burnish.service.directory;

import dev.burnish.concurrent.Waits;
import dev.burnish.link.Clock;
import dev.burnish.service.directory.ReplicaDirectory.Phase.Closing;
import dev.burnish.service.directory.ReplicaDirectory.Phase.Ended;
import dev.burnish.service.directory.ReplicaDirectory.Phase.Serving;
import dev.burnish.service.routing.Load;
import dev.burnish.service.routing.ReplicaFailure;
import java.time.Duration;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/// The directory of the process that owns the service, and the latest reports of the processes that
/// ask for it. Thread-safe.
public final class DirectoryServer implements ReplicaDirectory {
  /// A request is answered after this time at the latest, so that the watcher's lease does not
  /// expire.
  private static final Duration SELDOM = Duration.ofSeconds(1);

  /// The interval of reports while a thread waits for them.
  private static final Duration OFTEN = Duration.ofMillis(50);

  private final UnaryOperator<Supplier<Members>> change;
  private final Watchers watchers;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final SortedMap<Integer, Entry> entries = new TreeMap<>();
  private final SortedMap<Integer, FailureForm> lost = new TreeMap<>();
  private Phase phase = new Serving();
  private Duration usually = SELDOM;
  private int numWaiting;
  private long version;
  private long withdrawn = Long.MIN_VALUE;

  /// @param change wraps a read of the members that begins a change of state
  /// @param isConnected whether there is a connection to a process
  public DirectoryServer(
      UnaryOperator<Supplier<Members>> change, Clock clock, Predicate<String> isConnected) {
    this.change = change;
    this.watchers = new Watchers(clock, isConnected);
  }

  /// Adds a replica that takes calls.
  public void joined(Entry entry) {
    change(() -> {
      entries.put(entry.replica(), entry);
      lost.remove(entry.replica());
    });
  }

  /// Marks a replica that takes calls of its sessions only.
  public void draining(int replica) {
    change(() -> entries.computeIfPresent(replica, (number, entry) -> entry.draining()));
  }

  /// Removes a lost generation of a replica; other generations of it stay.
  public void left(ReplicaFailure failure, int generation) {
    change(() -> {
      Entry entry = entries.get(failure.replica());
      if (entry == null || entry.generation() <= generation) {
        withdraw(failure.replica());
        lost.put(failure.replica(), FailureForm.of(failure));
      }
    });
  }

  /// Replaces the reason for which a replica was lost by a better one.
  public void explained(ReplicaFailure failure) {
    change(() ->
        lost.computeIfPresent(failure.replica(), (replica, before) -> FailureForm.of(failure)));
  }

  /// Removes a replica that is gone for good.
  public void removed(int replica) {
    change(() -> {
      withdraw(replica);
      lost.remove(replica);
    });
  }

  private void withdraw(int replica) {
    if (entries.remove(replica) != null) {
      withdrawn = version + 1;
    }
  }

  /// Called when the service takes no further calls.
  public void closing(String why) {
    change(() -> phase = new Closing(why));
  }

  /// Called when the service has ended.
  public void end(String reason) {
    change(() -> phase = new Ended(reason));
  }

  private void change(Runnable work) {
    lock.lock();
    try {
      work.run();
      version++;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public Members after(Report report) {
    watchers.note(report);
    lock.lock();
    try {
      long began = System.nanoTime();
      while (version == report.version() && left(began) > 0) {
        var _ = Waits.awaitNanos(changed, left(began));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      lock.unlock();
    }
    return members();
  }

  private long left(long began) {
    Duration most = numWaiting > 0 ? OFTEN : usually;
    return TimeUnit.NANOSECONDS.convert(most) - (System.nanoTime() - began);
  }

  @Override
  public Members now(Report report) {
    watchers.note(report);
    return members();
  }

  @Override
  public Members forChange(Report report) {
    watchers.note(report);
    return change.apply(this::members).get();
  }

  private Members members() {
    lock.lock();
    try {
      return new Members(version, List.copyOf(entries.values()), List.copyOf(lost.values()), phase);
    } finally {
      lock.unlock();
    }
  }

  /// Sets how old the reports of the watchers may be: between 50 ms and a second.
  public void hearEvery(Duration time) {
    locked(() ->
        usually =
            Duration.ofMillis(Math.clamp(time.toMillis(), OFTEN.toMillis(), SELDOM.toMillis())));
  }

  /// A load extended by the calls of all processes.
  public Load with(Load own) {
    return watchers.with(own);
  }

  /// Whether another process has ever called.
  public boolean hadWatchers() {
    return watchers.hadAny();
  }

  /// The fence of a change of state: when this returns, no process sends a call to a replica that
  /// has left before. Takes at most as long as a lease, and no time where all have heard of it.
  public void awaitWithdrawn() {
    long needed = locked(() -> withdrawn);
    listening(() -> watchers.awaitAll(report -> report.version() >= needed));
  }

  /// Waits until a replica that drains has no calls and sessions of other processes, for at most a
  /// given time.
  public void awaitDrained(int replica, Duration limit) {
    long needed = locked(() -> version);
    listening(() ->
        watchers.awaitConnected(
            report -> report.version() >= needed && !report.holding().contains(replica), limit));
  }

  /// Waits until other processes have no calls, once the service takes no further ones, for at most
  /// a given time.
  public void awaitNoCalls(Duration limit) {
    long needed = locked(() -> version);
    listening(() ->
        watchers.awaitConnected(
            report ->
                report.version() >= needed && report.numQueued() == 0 && report.numInFlight() == 0,
            limit));
  }

  private void listening(Runnable waiting) {
    locked(() -> numWaiting++);
    try {
      waiting.run();
    } finally {
      locked(() -> numWaiting--);
    }
  }

  private <R> R locked(Supplier<R> work) {
    lock.lock();
    try {
      R value = work.get();
      changed.signalAll();
      return value;
    } finally {
      lock.unlock();
    }
  }
}
