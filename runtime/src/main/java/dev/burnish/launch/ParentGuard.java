package dev.burnish.launch;

import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;

/// A process's side of [JvmStarter]: reads what the parent has to say, and ends the process when
/// the parent lets go of its standard input or is gone.
public final class ParentGuard {
  private static final int MOST = 1 << 20;

  /// How long the last act may take.
  private static final Duration LAST_ACT = Duration.ofSeconds(7);

  private ParentGuard() {}

  /// What the parent says first.
  ///
  /// @throws IOException if it is not whole
  public static byte[] bootstrap() throws IOException {
    DataInputStream in = new DataInputStream(System.in);
    int length = in.readInt();
    if (length < 0 || length > MOST) {
      throw new IOException("a bootstrap has at most %d bytes: length=%d".formatted(MOST, length));
    }
    byte[] bytes = in.readNBytes(length);
    if (bytes.length < length) {
      throw new EOFException("the parent ended while it spoke");
    }
    return bytes;
  }

  /// Waits for the end of standard input, then runs a last act and ends the process: after 7 s in
  /// any case.
  public static void endWithParent(Runnable lastAct) {
    awaitEnd(System.in);
    Thread.ofPlatform()
        .daemon()
        .name("end")
        .start(() -> {
          try {
            Thread.sleep(LAST_ACT);
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
          Runtime.getRuntime().halt(2);
        });
    try {
      lastAct.run();
    } finally {
      System.out.flush();
      System.err.flush();
      Runtime.getRuntime().halt(0);
    }
  }

  private static void awaitEnd(InputStream in) {
    try {
      int read;
      do {
        read = in.read();
      } while (read >= 0);
    } catch (IOException e) {
      System.err.println("lost the parent: " + e);
    }
  }
}
