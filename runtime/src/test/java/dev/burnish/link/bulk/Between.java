package dev.burnish.link.bulk;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/// A network between a reader and a port, which cuts connections or stops to pass bytes on.
final class Between implements AutoCloseable {
  private final ServerSocket server;
  private final int port;
  private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
  private final AtomicInteger cuts = new AtomicInteger();
  private final AtomicLong answered = new AtomicLong();
  private final CountDownLatch open = new CountDownLatch(1);
  private final CountDownLatch stalled = new CountDownLatch(1);
  private volatile long cutAfter = Long.MAX_VALUE;
  private volatile long stallAfter = Long.MAX_VALUE;

  /// @param address that it stands before
  Between(String address) throws IOException {
    server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    port = Integer.parseInt(address.replaceAll(".*:", ""));
    Thread.ofPlatform().daemon().start(this::accept);
  }

  String address() {
    return server.getInetAddress().getHostAddress() + ":" + server.getLocalPort();
  }

  /// Cuts so many connections, each after so many bytes of answers.
  void cut(int number, long bytes) {
    cuts.set(number);
    cutAfter = bytes;
  }

  /// Passes no answers on after so many bytes of all connections.
  void stall(long bytes) {
    stallAfter = bytes;
  }

  void awaitStall() throws InterruptedException {
    stalled.await();
  }

  /// Bytes of answers that were passed on.
  long numAnswered() {
    return answered.get();
  }

  private void accept() {
    try {
      while (true) {
        Socket near = server.accept();
        Socket far = new Socket(InetAddress.getLoopbackAddress(), port);
        sockets.add(near);
        sockets.add(far);
        Thread.ofPlatform().daemon().start(() -> pass(near, far, false));
        Thread.ofPlatform().daemon().start(() -> pass(far, near, true));
      }
    } catch (IOException e) {
      // It is closed.
    }
  }

  private void pass(Socket from, Socket to, boolean answers) {
    byte[] buffer = new byte[1 << 14];
    long passed = 0;
    try (from;
        to) {
      for (int size = 0; size >= 0; size = from.getInputStream().read(buffer)) {
        if (answers && answered.get() > stallAfter) {
          stalled.countDown();
          open.await();
        }
        to.getOutputStream().write(buffer, 0, size);
        passed += size;
        if (answers) {
          answered.addAndGet(size);
        }
        if (answers && passed > cutAfter && cuts.getAndDecrement() > 0) {
          return;
        }
      }
    } catch (IOException | InterruptedException e) {
      // One of the sides has gone.
    }
  }

  @Override
  public void close() throws IOException {
    open.countDown();
    server.close();
    for (Socket socket : sockets) {
      socket.close();
    }
  }
}
