package dev.burnish.bench.mesh;

import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;

/// The floor of a call: frames of a length and bytes between two JVMs, over a blocking Unix domain
/// socket, without a codec, threads or actors.
public final class PingPong implements AutoCloseable {
  private final Path folder;
  private final Process process;
  private final SocketChannel channel;

  private PingPong(Path folder, Process process, SocketChannel channel) {
    this.folder = folder;
    this.process = process;
    this.channel = channel;
  }

  static PingPong start() {
    try {
      Path folder = Files.createTempDirectory("burnish-bench");
      Path socket = folder.resolve("s");
      try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
        server.bind(UnixDomainSocketAddress.of(socket));
        Process process = BareJvm.start(PingPong.class, socket.toString());
        return new PingPong(folder, process, server.accept());
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot start the floor of calls", e);
    }
  }

  /// One round trip.
  void exchange(ByteBuffer frame) {
    try {
      frame.clear();
      while (frame.hasRemaining()) {
        channel.write(frame);
      }
      frame.clear();
      fill(channel, frame);
    } catch (IOException e) {
      throw new UncheckedIOException("the floor of calls failed", e);
    }
  }

  static ByteBuffer frame(int size) {
    ByteBuffer frame = ByteBuffer.allocateDirect(Integer.BYTES + size);
    frame.putInt(0, size);
    return frame;
  }

  private static void fill(SocketChannel channel, ByteBuffer into) throws IOException {
    while (into.hasRemaining()) {
      if (channel.read(into) < 0) {
        throw new EOFException("the other side ended");
      }
    }
  }

  @Override
  public void close() {
    try (channel) {
      process.destroyForcibly().waitFor();
      Files.deleteIfExists(folder.resolve("s"));
      Files.deleteIfExists(folder);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot end the floor of calls", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /// The other side: sends every frame back until the socket closes.
  public static void main(String... args) throws IOException {
    ByteBuffer frame = ByteBuffer.allocateDirect(1 << 20);
    try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(Path.of(args[0])))) {
      while (true) {
        frame.clear().limit(Integer.BYTES);
        fill(channel, frame);
        frame.limit(Integer.BYTES + frame.getInt(0));
        fill(channel, frame);
        frame.flip();
        while (frame.hasRemaining()) {
          channel.write(frame);
        }
      }
    } catch (EOFException e) {
      System.out.println("ended");
    }
  }
}
