package dev.burnish.link.transport;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.foreign.MemorySegment;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import javax.net.ssl.SSLSocket;

/// A TCP connection between hosts for bulk data, whose sides have shown each other the job's
/// certificate. Small reads and writes are gathered; large ones of a connection in the clear go
/// from and to the memory itself.
///
/// One thread reads and one writes at a time. An interrupt of a thread that uses it closes it, as
/// the channel under it does.
public final class HostChannel implements AutoCloseable {
  /// The protection of the bytes, after a handshake of TLS with both certificates.
  public enum Protection {
    /// TLS.
    ENCRYPTED('E'),
    /// Nothing: for a network that nobody else can listen to, or write to.
    AUTHENTICATED('A');

    /// In the handshake.
    private final char letter;

    Protection(char letter) {
      this.letter = letter;
    }
  }

  /// Of a record of TLS four times, so that little of what is sent is in small packets.
  private static final int BUFFER = 1 << 16;

  /// Bytes that are worth a system call.
  private static final int LARGE = 1 << 14;

  private final SocketChannel plain;
  private final InputStream tlsIn;
  private final OutputStream tlsOut;
  private final Protection protection;
  private final byte[] inBytes;
  private final byte[] outBytes;
  private final ByteBuffer in;
  private final ByteBuffer out;

  private HostChannel(SocketChannel plain, SSLSocket tls, Protection protection)
      throws IOException {
    this.plain = plain;
    this.tlsIn = tls.getInputStream();
    this.tlsOut = tls.getOutputStream();
    this.protection = protection;
    int size = protection == Protection.ENCRYPTED ? BUFFER : 0;
    this.inBytes = new byte[size];
    this.outBytes = new byte[size];
    this.in = buffer(protection, inBytes).limit(0);
    this.out = buffer(protection, outBytes);
  }

  private static ByteBuffer buffer(Protection protection, byte[] bytes) {
    return switch (protection) {
      case ENCRYPTED -> ByteBuffer.wrap(bytes);
      case AUTHENTICATED -> ByteBuffer.allocateDirect(BUFFER);
    };
  }

  /// A connection to a process of the job.
  ///
  /// @param address `host:port` of a port that calls [#accept]
  /// @param protection that is wanted at least
  /// @param patience for each step of the handshake
  /// @throws IOException if it cannot be reached, or is another
  public static HostChannel connect(
      String address, JobKeys keys, Protection protection, Duration patience) throws IOException {
    SocketChannel plain = SocketChannel.open();
    try {
      Socket socket = plain.socket();
      socket.connect(JobKeys.address(address), (int) patience.toMillis());
      SocketNetwork.keepAlive(socket);
      socket.setSoTimeout((int) patience.toMillis());
      SSLSocket tls = keys.wrap(socket, address);
      tls.getOutputStream().write(protection.letter);
      Protection agreed = read(tls);
      if (agreed.compareTo(protection) > 0) {
        throw new IOException("a peer does not send in the clear where that is not wanted");
      }
      socket.setSoTimeout(0);
      return new HostChannel(plain, tls, agreed);
    } catch (Throwable e) {
      plain.close();
      throw e;
    }
  }

  /// The other side of [#connect], which is admitted.
  ///
  /// @param guest of a port with channels
  /// @throws IOException if it has gone, or its time is over
  public static HostChannel accept(TlsPort.Guest guest, SSLSocket tls, Protection protection)
      throws IOException {
    Protection wanted = read(tls);
    Protection agreed = wanted.compareTo(protection) < 0 ? wanted : protection;
    guest.admit();
    SocketNetwork.keepAlive(guest.plain());
    tls.getOutputStream().write(agreed.letter);
    return new HostChannel(guest.plain().getChannel(), tls, agreed);
  }

  private static Protection read(SSLSocket tls) throws IOException {
    int number = tls.getInputStream().read();
    if (number < 0) {
      throw new EOFException("it went away");
    }
    for (Protection each : Protection.values()) {
      if (each.letter == number) {
        return each;
      }
    }
    throw new IOException("a protection is known: letter=" + number);
  }

  /// Fills memory.
  ///
  /// @throws EOFException if the connection ends before
  public void read(MemorySegment into) throws IOException {
    for (long at = 0; at < into.byteSize(); ) {
      long left = into.byteSize() - at;
      if (in.hasRemaining()) {
        int size = (int) Math.min(left, in.remaining());
        MemorySegment.copy(MemorySegment.ofBuffer(in), 0, into, at, size);
        in.position(in.position() + size);
        at += size;
      } else if (protection == Protection.AUTHENTICATED && left >= LARGE) {
        at += more(plain.read(into.asSlice(at).asByteBuffer()));
      } else {
        fill();
      }
    }
  }

  private void fill() throws IOException {
    in.clear();
    int size =
        more(
            switch (protection) {
              case ENCRYPTED -> tlsIn.read(inBytes);
              case AUTHENTICATED -> plain.read(in);
            });
    in.position(0).limit(size);
  }

  private static int more(int size) throws EOFException {
    if (size < 0) {
      throw new EOFException("the connection was closed by the peer");
    }
    return size;
  }

  /// Writes memory; what is gathered goes at [#flush].
  public void write(MemorySegment from) throws IOException {
    if (protection == Protection.AUTHENTICATED && from.byteSize() >= LARGE) {
      flush();
      writeAll(from.asByteBuffer());
      return;
    }
    for (long at = 0; at < from.byteSize(); ) {
      if (!out.hasRemaining()) {
        flush();
      }
      int size = (int) Math.min(from.byteSize() - at, out.remaining());
      MemorySegment.copy(from, at, MemorySegment.ofBuffer(out), 0, size);
      out.position(out.position() + size);
      at += size;
    }
  }

  /// Sends what was written.
  public void flush() throws IOException {
    out.flip();
    if (out.hasRemaining()) {
      switch (protection) {
        case ENCRYPTED -> tlsOut.write(outBytes, 0, out.limit());
        case AUTHENTICATED -> writeAll(out);
      }
    }
    out.clear();
  }

  private void writeAll(ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      int _ = plain.write(bytes);
    }
  }

  /// Ends the connection at once: what waits in it fails. Never waits for the peer.
  @Override
  public void close() {
    try {
      plain.close();
    } catch (IOException e) {
      System.getLogger(HostChannel.class.getName())
          .log(System.Logger.Level.DEBUG, "closing a connection", e);
    }
  }
}
