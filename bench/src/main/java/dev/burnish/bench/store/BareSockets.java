package dev.burnish.bench.store;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;

/// Bytes over TCP and nothing else: whoever connects says how many, and gets them.
final class BareSockets implements AutoCloseable {
  private static final int BUFFER = 1 << 20;

  private final ServerSocketChannel server;

  private BareSockets(ServerSocketChannel server) {
    this.server = server;
  }

  static BareSockets open() {
    try {
      BareSockets sockets =
          new BareSockets(
              ServerSocketChannel.open()
                  .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)));
      Thread.ofPlatform().daemon().name("bare-sockets").start(sockets::accept);
      return sockets;
    } catch (IOException e) {
      throw new UncheckedIOException("no port for bare sockets: " + e, e);
    }
  }

  /// The port.
  String address() {
    return Integer.toString(server.socket().getLocalPort());
  }

  private void accept() {
    try {
      while (true) {
        SocketChannel channel = server.accept();
        Thread.ofPlatform().daemon().name("bare-socket").start(() -> send(channel));
      }
    } catch (IOException e) {
      // It is closed.
    }
  }

  private static void send(SocketChannel channel) {
    ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER);
    try (channel) {
      buffer.limit(Long.BYTES);
      while (buffer.hasRemaining()) {
        if (channel.read(buffer) < 0) {
          return;
        }
      }
      for (long left = buffer.flip().getLong(); left > 0; ) {
        buffer.clear().limit((int) Math.min(BUFFER, left));
        left -= channel.write(buffer);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("bytes cannot be sent: " + e, e);
    }
  }

  /// Receives bytes over some connections, each of its share.
  static void receive(String address, long bytes, int numConnections) {
    CountDownLatch ended = new CountDownLatch(numConnections);
    AtomicReference<IOException> failure = new AtomicReference<>();
    for (int i = 0; i < numConnections; i++) {
      Thread.ofPlatform()
          .daemon()
          .name("bare-socket")
          .start(() -> {
            try {
              receive(address, bytes / numConnections);
            } catch (IOException e) {
              failure.set(e);
            } finally {
              ended.countDown();
            }
          });
    }
    try {
      ended.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (failure.get() != null) {
      throw new UncheckedIOException("bytes do not come: " + failure.get(), failure.get());
    }
  }

  private static void receive(String address, long bytes) throws IOException {
    try (SocketChannel channel =
        SocketChannel.open(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(address)))) {
      ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER);
      buffer.putLong(bytes).flip();
      while (buffer.hasRemaining()) {
        int _ = channel.write(buffer);
      }
      for (long left = bytes; left > 0; ) {
        int read = channel.read(buffer.clear());
        if (read < 0) {
          throw new IOException("the connection ended before: left=" + left);
        }
        left -= read;
      }
    }
  }

  @Override
  public void close() {
    try {
      server.close();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot stop to listen", e);
    }
  }
}
