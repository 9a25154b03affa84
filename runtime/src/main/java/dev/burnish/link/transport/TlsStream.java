package dev.burnish.link.transport;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.ByteBuffer;
import javax.net.ssl.SSLSocket;

/// A TLS connection. Writing blocks, so only a thread of the transport writes.
final class TlsStream implements ByteStream {
  private final Socket plain;
  private final InputStream in;
  private final OutputStream out;
  private final byte[] read = new byte[1 << 16];
  private final byte[] written = new byte[1 << 16];

  /// @param plain the socket under the TLS socket: closing it never waits for the peer
  TlsStream(Socket plain, SSLSocket socket) throws IOException {
    this.plain = plain;
    in = socket.getInputStream();
    out = socket.getOutputStream();
  }

  @Override
  public int read(ByteBuffer into) throws IOException {
    int size = in.read(read, 0, Math.min(read.length, into.remaining()));
    if (size > 0) {
      into.put(read, 0, size);
    }
    return size;
  }

  @Override
  public int write(ByteBuffer from) throws IOException {
    int size = Math.min(written.length, from.remaining());
    from.get(written, 0, size);
    out.write(written, 0, size);
    return size;
  }

  @Override
  public void awaitWritable() {}

  @Override
  public boolean writableByAnyThread() {
    return false;
  }

  @Override
  public void close() {
    try {
      plain.close();
    } catch (IOException e) {
      System.getLogger(TlsStream.class.getName())
          .log(System.Logger.Level.DEBUG, "closing a connection", e);
    }
  }
}
