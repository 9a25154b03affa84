package dev.burnish.launch;

import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;

/// A process's side of [JvmStarter]: reads the bootstrap from the parent, and from then on ends the
/// process when the parent closes its standard input or is gone, whatever else it is doing.
public final class ParentGuard {
  private static final int MOST = 1 << 20;

  /// The time limit of the last action.
  private static final Duration LAST_ACT = Duration.ofSeconds(7);

  private final byte[] bootstrap;
  private final Thread watch;
  private volatile Runnable lastAct = () -> {};

  private ParentGuard(byte[] bootstrap) {
    this.bootstrap = bootstrap;
    this.watch = Thread.ofPlatform().daemon().name("parent").unstarted(this::watch);
  }

  /// Reads the bootstrap from the parent, and begins to watch the parent. To be called by the
  /// thread that then waits in [#endWithParent].
  ///
  /// @throws IOException if it is incomplete
  public static ParentGuard begin() throws IOException {
    DeathSignal.ask();
    ParentGuard guard = new ParentGuard(read(System.in));
    guard.watch.start();
    return guard;
  }

  private static byte[] read(InputStream stream) throws IOException {
    DataInputStream in = new DataInputStream(stream);
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

  /// The first message of the parent.
  public byte[] bootstrap() {
    return bootstrap.clone();
  }

  /// Waits for the end of the parent. Then a last action runs and the process ends: after 7 s in
  /// any case.
  public void endWithParent(Runnable act) {
    lastAct = act;
    while (watch.isAlive()) {
      try {
        watch.join();
      } catch (InterruptedException e) {
        System.err.println("a process ends with its parent, not by an interrupt");
      }
    }
  }

  private void watch() {
    awaitEnd(System.in);
    Thread.ofPlatform().daemon().name("end").start(ParentGuard::haltInTime);
    try {
      lastAct.run();
    } finally {
      System.out.flush();
      System.err.flush();
      Runtime.getRuntime().halt(0);
    }
  }

  private static void haltInTime() {
    try {
      Thread.sleep(LAST_ACT);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    Runtime.getRuntime().halt(2);
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
