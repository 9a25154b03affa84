package dev.burnish.link.transport;

import java.io.IOException;
import java.nio.ByteBuffer;

/// A connection as bytes. One thread reads; one at a time writes.
interface ByteStream {
  /// Waits for bytes and reads them; negative at the end.
  int read(ByteBuffer into) throws IOException;

  /// Writes as many bytes as possible without waiting; returns 0 if none.
  int write(ByteBuffer from) throws IOException;

  /// Waits until bytes can be written.
  void awaitWritable() throws IOException;

  /// Whether a thread that is interrupted may write: otherwise a thread of our own does.
  boolean writableByAnyThread();

  /// Ends reading and writing on both sides; may be called at any time.
  void close();
}
