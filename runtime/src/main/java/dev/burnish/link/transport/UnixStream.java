package dev.burnish.link.transport;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.nio.file.attribute.UserPrincipal;
import jdk.net.ExtendedSocketOptions;

/// A Unix domain socket. The channel does not block: a blocking one is closed when a thread that
/// uses it is interrupted, and callers are interrupted to cancel.
final class UnixStream implements ByteStream {
  private final SocketChannel channel;
  private final Selector readable;
  private final Selector writable;

  /// A connection to or from a process of a user; closed if it is another user's.
  private UnixStream(SocketChannel channel, UserPrincipal user) throws IOException {
    this.channel = channel;
    try {
      checkPeer(channel, user);
      channel.configureBlocking(false);
      readable = Selector.open();
    } catch (Throwable e) {
      channel.close();
      throw e;
    }
    try {
      writable = Selector.open();
      channel.register(readable, SelectionKey.OP_READ);
      channel.register(writable, SelectionKey.OP_WRITE);
    } catch (Throwable e) {
      readable.close();
      channel.close();
      throw e;
    }
  }

  /// A connection to the process of a user that listens at a socket.
  ///
  /// @throws IOException if it cannot be reached, or another user's process answers
  static UnixStream connect(Path socket, UserPrincipal user) throws IOException {
    SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
    try {
      channel.connect(UnixDomainSocketAddress.of(socket));
    } catch (Throwable e) {
      channel.close();
      throw e;
    }
    return new UnixStream(channel, user);
  }

  /// A connection from a process of a user.
  ///
  /// @throws IOException if it is another user's
  static UnixStream accepted(SocketChannel channel, UserPrincipal user) throws IOException {
    return new UnixStream(channel, user);
  }

  /// Checks the peer's user as the operating system reports it, where it does: only this user gets
  /// as far as this, and the peer is checked all the same.
  private static void checkPeer(SocketChannel channel, UserPrincipal user) throws IOException {
    if (channel.supportedOptions().contains(ExtendedSocketOptions.SO_PEERCRED)) {
      UserPrincipal peer = channel.getOption(ExtendedSocketOptions.SO_PEERCRED).user();
      if (!peer.equals(user)) {
        throw new IOException(
            "processes of one user talk to each other: peer=%s user=%s"
                .formatted(peer.getName(), user.getName()));
      }
    }
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
