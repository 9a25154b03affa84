package dev.burnish.service;

import dev.burnish.actor.Concurrent;
import dev.burnish.mesh.MeshKind.ActorsForm;
import dev.burnish.service.routing.Loss;
import java.time.Instant;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/// Who the healthy replicas of a service are, for processes that its handle went to.
interface Roster {
  /// The members, as soon as they differ from those of a version, or after a while.
  @Concurrent
  Members after(long version);

  /// The members that a change of state goes to: whoever joins later has it already.
  @Concurrent
  Members forChange();

  /// @param ended why the service has ended; empty while it has not
  record Members(long version, List<Entry> healthy, List<Lost> lost, String ended) {}

  /// A healthy replica.
  record Entry(int replica, int generation, ActorsForm actors) {}

  /// A loss, in a form that travels.
  record Lost(int replica, long millis, String reason) {
    static Lost of(Loss loss) {
      return new Lost(loss.replica(), loss.when().toEpochMilli(), loss.reason());
    }

    Loss loss() {
      return new Loss(replica, Instant.ofEpochMilli(millis), reason);
    }
  }

  /// The roster of the process that owns the service.
  final class Kept implements Roster {
    private static final long WAIT_SECONDS = 20;

    private final UnaryOperator<Supplier<Members>> change;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final SortedMap<Integer, Entry> healthy = new TreeMap<>();
    private final SortedMap<Integer, Lost> lost = new TreeMap<>();
    private long version;
    private String ended = "";

    /// @param change what a look at the members becomes where it begins a change of state
    Kept(UnaryOperator<Supplier<Members>> change) {
      this.change = change;
    }

    void joined(Entry entry) {
      change(() -> {
        healthy.put(entry.replica(), entry);
        lost.remove(entry.replica());
      });
    }

    void left(Loss loss) {
      change(() -> {
        healthy.remove(loss.replica());
        lost.put(loss.replica(), Lost.of(loss));
      });
    }

    void explained(Loss loss) {
      change(() -> lost.computeIfPresent(loss.replica(), (replica, before) -> Lost.of(loss)));
    }

    void removed(int replica) {
      change(() -> {
        healthy.remove(replica);
        lost.remove(replica);
      });
    }

    void end(String reason) {
      change(() -> ended = reason);
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
    public Members after(long known) {
      lock.lock();
      try {
        long nanos = TimeUnit.SECONDS.toNanos(WAIT_SECONDS);
        while (version == known && nanos > 0) {
          nanos = changed.awaitNanos(nanos);
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      } finally {
        lock.unlock();
      }
      return now();
    }

    @Override
    public Members forChange() {
      return change.apply(this::now).get();
    }

    private Members now() {
      lock.lock();
      try {
        return new Members(
            version, List.copyOf(healthy.values()), List.copyOf(lost.values()), ended);
      } finally {
        lock.unlock();
      }
    }
  }
}
