package dev.burnish.serve;

import dev.burnish.concurrent.Waits;
import io.helidon.common.socket.HelidonSocket;
import java.io.UncheckedIOException;
import java.net.SocketTimeoutException;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// The reading side of one connection, which notices while a request is served that its client has
/// left.
///
/// Idea: while somebody watches, a thread of its own reads ahead. A client that leaves ends the
/// stream, which the thread sees at once, also for an answer of which nothing is written yet. What
/// arrives instead, the client's next request, is kept for the next read of the server. The thread
/// is never interrupted, since that would close the connection: it may still wait for bytes when
/// the request is over, and then the server's next read waits for it.
///
/// A client that closes only its sending side counts as one that has left, as with other servers.
final class ClientConnection {
  private static final ScopedValue<ClientConnection> CURRENT = ScopedValue.newInstance();

  @SuppressWarnings("UnnecessaryLambda") // compared, as the one that is nobody's
  private static final Runnable NOBODY = () -> {};

  /// The outcome of a read of the socket.
  private sealed interface Read {
    record Bytes(byte[] bytes) implements Read {}

    record End() implements Read {}

    record Silence() implements Read {}
  }

  private final HelidonSocket socket;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition arrived = lock.newCondition();
  private boolean reading;
  private Optional<Read> ahead = Optional.empty();
  private Runnable onLeave = NOBODY;
  private boolean refused; // by the thread that serves

  ClientConnection(HelidonSocket socket) {
    this.socket = socket;
  }

  /// The connection whose request this thread serves.
  static ClientConnection current() {
    return CURRENT.get();
  }

  /// Ends the connection, whatever waits for it.
  void close() {
    try {
      socket.close();
    } catch (UncheckedIOException e) {
      // It has ended already.
    }
  }

  /// Serves the connection in this thread.
  ///
  /// A request that is refused before it was read is read to its end afterwards, within the limit:
  /// were the connection closed with bytes that nobody has read, the client's system would drop the
  /// answer that it has received.
  void serve(ScopedValue.CallableOp<Void, InterruptedException> requests, ClientDeadline deadline)
      throws InterruptedException {
    try {
      ScopedValue.where(CURRENT, this).call(requests);
    } finally {
      if (refused) {
        deadline.within(this, this::discard);
      }
    }
  }

  /// Says that a request was answered before it was read, which mostly ends the connection. Called
  /// by the thread that serves.
  void refuse() {
    refused = true;
  }

  /// Reads until the client ends the connection or is silent for too long.
  private void discard() {
    while (next().isPresent()) {
      // dropped
    }
  }

  /// Runs the action if the client has left, and else in another thread if it leaves before the
  /// watch is closed.
  Watch watch(Runnable action) {
    if (startWatch(action)) {
      action.run();
    }
    return this::unwatch;
  }

  /// Returns whether the client has left already.
  private boolean startWatch(Runnable action) {
    lock.lock();
    try {
      onLeave = action;
      if (ahead.isEmpty() && !reading) {
        reading = true;
        Thread.ofVirtual().name("serve-watch").start(this::readAhead);
      }
      return ahead.filter(Read.End.class::isInstance).isPresent();
    } finally {
      lock.unlock();
    }
  }

  /// A watch, until it is closed.
  @FunctionalInterface
  interface Watch extends AutoCloseable {
    @Override
    void close();
  }

  private void unwatch() {
    lock.lock();
    try {
      onLeave = NOBODY;
    } finally {
      lock.unlock();
    }
  }

  private void readAhead() {
    Read read = read();
    while (read instanceof Read.Silence && isWatched()) {
      read = read();
    }
    Runnable action = NOBODY;
    lock.lock();
    try {
      ahead = Optional.of(read);
      reading = false;
      arrived.signalAll();
      if (read instanceof Read.End) {
        action = onLeave;
      }
    } finally {
      lock.unlock();
    }
    action.run();
  }

  @SuppressWarnings("ReferenceEquality") // with the one that is nobody's
  private boolean isWatched() {
    lock.lock();
    try {
      return onLeave != NOBODY;
    } finally {
      lock.unlock();
    }
  }

  /// The next bytes for the server; none once the connection has ended or was silent for too long.
  Optional<byte[]> next() {
    Read read = takeAhead().orElseGet(this::read);
    return read instanceof Read.Bytes(byte[] bytes) ? Optional.of(bytes) : Optional.empty();
  }

  private Optional<Read> takeAhead() {
    lock.lock();
    try {
      while (reading) {
        Waits.await(arrived);
      }
      Optional<Read> taken = ahead;
      ahead = taken.filter(Read.End.class::isInstance);
      return taken;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Optional.of(new Read.End());
    } finally {
      lock.unlock();
    }
  }

  private Read read() {
    try {
      byte[] bytes = socket.get();
      return bytes == null ? new Read.End() : new Read.Bytes(bytes);
    } catch (UncheckedIOException e) {
      return e.getCause() instanceof SocketTimeoutException ? new Read.Silence() : new Read.End();
    }
  }
}
