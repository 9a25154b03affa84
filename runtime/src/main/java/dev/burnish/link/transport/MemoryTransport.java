package dev.burnish.link.transport;

import dev.burnish.concurrent.Waits;
import dev.burnish.wire.Frame;
import java.io.EOFException;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/// One end of a connection within a process. Messages are encoded as on any other connection, so
/// values are copied.
public final class MemoryTransport implements Transport {
  private sealed interface Event {}

  private record Arrived(Frame frame) implements Event {}

  private record Ended() implements Event {}

  private final String name;
  private final BlockingQueue<Event> arrived = new LinkedBlockingQueue<>();
  private volatile MemoryTransport peer = this;

  private MemoryTransport(String name) {
    this.name = name;
  }

  /// A connection.
  public record Pair(MemoryTransport near, MemoryTransport far) {
    /// Two ends.
    public static Pair of(String name) {
      MemoryTransport near = new MemoryTransport(name);
      MemoryTransport far = new MemoryTransport(name);
      near.peer = far;
      far.peer = near;
      return new Pair(near, far);
    }
  }

  @Override
  public void start(Receiver receiver) {
    Thread.ofPlatform().daemon().name("link/" + name).start(() -> deliver(receiver));
  }

  @Override
  public void send(Frame frame) {
    peer.arrived.add(new Arrived(frame));
  }

  @Override
  public void trust() {}

  @Override
  public void flush() {}

  @Override
  public void close() {
    peer.arrived.add(new Ended());
    arrived.add(new Ended());
  }

  private void deliver(Receiver receiver) {
    Throwable cause = new EOFException("the connection was closed");
    try {
      while (Waits.take(arrived) instanceof Arrived(Frame frame)) {
        receiver.receive(frame);
      }
    } catch (InterruptedException | RuntimeException | Error e) {
      cause = e;
    } finally {
      close();
      receiver.ended(cause);
    }
  }
}
