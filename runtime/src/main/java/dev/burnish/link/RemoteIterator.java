package dev.burnish.link;

import dev.burnish.link.failure.CallCancelled;
import dev.burnish.link.failure.RemoteErrors;
import dev.burnish.link.failure.ReplicaLost;
import dev.burnish.link.transport.ReaderThread;
import dev.burnish.wire.Codec;
import dev.burnish.wire.Frame;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/// The elements of a stream of the peer, in order. For one thread.
///
/// `hasNext` waits. It throws what the producer threw, [ReplicaLost] if the connection ends, and
/// [CallCancelled] on an interrupt. Closing it tells the producer to stop.
final class RemoteIterator implements Iterator<Object>, AutoCloseable {
  private final Link link;
  private final long id;
  private final Codec codec;
  private final ClassLoader loader;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Queue<byte[]> arrived = new ArrayDeque<>();
  private boolean ended;
  private Optional<Supplier<RuntimeException>> failure = Optional.empty();
  private CallChain waiting = CallChain.NONE;
  private int numTaken;

  RemoteIterator(Link link, long id, Codec codec, ClassLoader loader) {
    this.link = link;
    this.id = id;
    this.codec = codec;
    this.loader = loader;
  }

  /// Tells the producer which actors wait for it: those that wait for what this thread does.
  void tellWaiting() {
    CallChain now = CallChain.current();
    if (!now.equals(waiting)) {
      waiting = now;
      link.cast("waiting", new Link.Target(-id, 0), now.encode());
    }
  }

  @Override
  public boolean hasNext() {
    lock.lock();
    try {
      while (arrived.isEmpty() && !ended) {
        tellWaiting();
        ReaderThread.leave();
        changed.await();
      }
      if (arrived.isEmpty() && failure.isPresent()) {
        throw failure.get().get();
      }
      return !arrived.isEmpty();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      close();
      throw new CallCancelled("interrupted while waiting for an element: stream=" + id);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public Object next() {
    if (!hasNext()) {
      throw new NoSuchElementException("the stream has ended");
    }
    byte[] element;
    lock.lock();
    try {
      element = arrived.remove();
      numTaken++;
      if (numTaken == Streams.WINDOW / 2 && !ended) {
        link.send(new Frame.Credit(id, numTaken));
        numTaken = 0;
      }
    } finally {
      lock.unlock();
    }
    return codec.decode(element, link.session()).getFirst();
  }

  @Override
  public void close() {
    link.streams().forget(id);
    finish(Optional.empty());
    link.send(new Frame.Abandon(id));
  }

  void item(byte[] element) {
    lock.lock();
    try {
      arrived.add(element);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  void end() {
    finish(Optional.empty());
  }

  void broken(byte[] error) {
    finish(Optional.of(() -> RemoteErrors.decode(error, loader)));
  }

  void lost(ReplicaLost cause) {
    finish(
        Optional.of(() -> new ReplicaLost("a stream ended early: " + cause.getMessage(), cause)));
  }

  private void finish(Optional<Supplier<RuntimeException>> why) {
    lock.lock();
    try {
      if (!ended) {
        ended = true;
        failure = why;
        changed.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }
}
