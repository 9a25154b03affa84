package dev.burnish.link.transport;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;

/// A Unix domain socket. The channel does not block: a blocking one is closed when a thread that
/// uses it is interrupted, and callers are interrupted to cancel.
final class UnixStream implements ByteStream {
  private final SocketChannel channel;
  private final Selector readable;
  private final Selector writable;

  UnixStream(SocketChannel channel) throws IOException {
    this.channel = channel;
    channel.configureBlocking(false);
    readable = Selector.open();
    writable = Selector.open();
    channel.register(readable, SelectionKey.OP_READ);
    channel.register(writable, SelectionKey.OP_WRITE);
  }

  @Override
  public int read(ByteBuffer into) throws IOException {
    int read = channel.read(into);
    while (read == 0) {
      readable.select(key -> {});
      read = channel.read(into);
    }
    return read;
  }

  @Override
  public int write(ByteBuffer from) throws IOException {
    return channel.write(from);
  }

  @Override
  public void awaitWritable() throws IOException {
    try {
      writable.select(key -> {});
    } catch (ClosedSelectorException e) {
      throw new AsynchronousCloseException();
    }
  }

  @Override
  public boolean writableByAnyThread() {
    return true;
  }

  @Override
  public void close() {
    try (channel;
        readable;
        writable) {
      if (channel.isConnected()) {
        channel.shutdownOutput();
      }
    } catch (java.nio.channels.ClosedChannelException e) {
      // Closed twice.
    } catch (IOException e) {
      throw new UncheckedIOException("cannot close a socket", e);
    }
  }
}
