package dev.burnish.mesh;

import dev.burnish.actor.Point;
import dev.burnish.concurrent.Waits;
import dev.burnish.link.failure.CallCancelled;
import dev.burnish.link.failure.RemoteErrors;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/// The answer of one actor of a mesh.
///
/// @param point of the actor in the mesh that was called
public record Reply<R>(Point point, R value) {
  /// Its number in the mesh that was called.
  public int rank() {
    return point.rank();
  }

  /// The replies of the actors of a mesh in the order in which they come. Thread-safe.
  static final class Arriving<R> implements Iterable<Reply<R>> {
    private final String mesh;
    private final int expected;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final List<Supplier<Reply<R>>> arrived = new ArrayList<>();
    private final Set<Thread> calling = new HashSet<>();
    private boolean cancelled;

    Arriving(String mesh, int expected) {
      this.mesh = mesh;
      this.expected = expected;
    }

    /// Calls one of the actors, on this thread; any result or failure arrives.
    void call(Supplier<Reply<R>> call) {
      begin();
      try {
        Reply<R> reply = call.get();
        end(() -> reply);
      } catch (Throwable e) {
        end(() -> {
          throw RemoteErrors.unchecked(e);
        });
      }
    }

    private void begin() {
      lock.lock();
      try {
        calling.add(Thread.currentThread());
        if (cancelled) {
          Thread.currentThread().interrupt();
        }
      } finally {
        lock.unlock();
      }
    }

    private void end(Supplier<Reply<R>> outcome) {
      lock.lock();
      try {
        calling.remove(Thread.currentThread());
        arrived.add(outcome);
        changed.signalAll();
      } finally {
        lock.unlock();
      }
    }

    /// Waits until some have arrived.
    private Supplier<Reply<R>> await(int place) {
      lock.lock();
      try {
        while (arrived.size() <= place) {
          Waits.await(changed);
        }
        return arrived.get(place);
      } catch (InterruptedException e) {
        cancelled = true;
        calling.forEach(Thread::interrupt);
        throw CallCancelled.by(e, "interrupted while waiting for replies of " + mesh);
      } finally {
        lock.unlock();
      }
    }

    @Override
    public Iterator<Reply<R>> iterator() {
      return new Iterator<>() {
        private int next;

        @Override
        public boolean hasNext() {
          return next < expected;
        }

        @Override
        public Reply<R> next() {
          if (!hasNext()) {
            throw new NoSuchElementException("all replies have come: mesh=" + mesh);
          }
          return await(next++).get();
        }
      };
    }
  }
}
