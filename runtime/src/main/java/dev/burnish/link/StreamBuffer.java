package dev.burnish.link;

import dev.burnish.link.failure.CallCancelled;
import dev.burnish.link.failure.RemoteErrors;
import dev.burnish.link.failure.ReplicaLost;
import dev.burnish.wire.Frame;
import java.util.ArrayDeque;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/// Elements of a stream of the peer that have arrived and were not taken yet. Thread-safe; see
/// [RemoteIterator] for the consumer.
final class StreamBuffer {
  private final Link link;
  private final long id;
  private final ClassLoader loader;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Queue<byte[]> arrived = new ArrayDeque<>();
  private boolean ended;
  private Optional<Supplier<RuntimeException>> failure = Optional.empty();
  private int numTaken;
  private CallChain waiting = CallChain.NONE;

  StreamBuffer(Link link, long id, ClassLoader loader) {
    this.link = link;
    this.id = id;
    this.loader = loader;
  }

  /// Tells the producer which actors wait for it: those that wait for the work of this thread.
  void tellWaiting() {
    CallChain now = CallChain.current();
    lock.lock();
    try {
      if (now.equals(waiting)) {
        return;
      }
      waiting = now;
    } finally {
      lock.unlock();
    }
    link.send(new Frame.Cast(-id, 0, now.encode()));
  }

  /// Waits until there is an element, or there are no more; after a failure it is thrown again
  /// every time.
  boolean awaitElement(Deadline deadline) {
    lock.lock();
    try {
      if (!ended && arrived.isEmpty()) {
        tellWaiting();
      }
      if (!deadline.await(lock, changed, () -> ended || !arrived.isEmpty())) {
        leave(() -> deadline.failure("element of stream " + id));
      }
      if (arrived.isEmpty() && failure.isPresent()) {
        throw failure.get().get();
      }
      return !arrived.isEmpty();
    } catch (InterruptedException e) {
      String what = "interrupted while waiting for an element: stream=" + id;
      leave(() -> new CallCancelled(what, e));
      throw CallCancelled.by(e, what);
    } finally {
      lock.unlock();
    }
  }

  /// Takes an element that has arrived; asks for more in time.
  byte[] take() {
    lock.lock();
    try {
      byte[] element = arrived.remove();
      numTaken++;
      if (numTaken == Streams.WINDOW / 2 && !ended) {
        link.send(new Frame.Credit(id, numTaken));
        numTaken = 0;
      }
      return element;
    } finally {
      lock.unlock();
    }
  }

  void item(byte[] element) {
    lock.lock();
    try {
      if (!ended) {
        arrived.add(element);
        changed.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  void end() {
    finish(Optional.empty());
  }

  void broken(byte[] error) {
    finish(Optional.of(() -> RemoteErrors.unchecked(RemoteErrors.decode(error, loader))));
  }

  void lost(ReplicaLost cause) {
    finish(
        Optional.of(() -> new ReplicaLost("a stream ended early: " + cause.getMessage(), cause)));
  }

  /// The consumer takes no more: drops the buffered elements, and tells the producer, unless it has
  /// ended and all elements were taken.
  ///
  /// @param why the exception for a later attempt to take
  void leave(Supplier<RuntimeException> why) {
    boolean isNews;
    lock.lock();
    try {
      isNews = !arrived.isEmpty();
      arrived.clear();
      isNews |= finish(Optional.of(why));
    } finally {
      lock.unlock();
    }
    link.streams().forget(id);
    if (isNews) {
      link.send(new Frame.Abandon(id));
    }
  }

  /// Whether it had not ended before.
  private boolean finish(Optional<Supplier<RuntimeException>> why) {
    lock.lock();
    try {
      if (ended) {
        return false;
      }
      ended = true;
      failure = why;
      changed.signalAll();
      return true;
    } finally {
      lock.unlock();
    }
  }
}
