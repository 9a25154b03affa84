package dev.burnish.link.transport;

import java.time.Duration;

/// Logs refused peers: a line now and then, with their number, as strangers decide how often that
/// is. Thread-safe.
final class RefusalLog {
  private static final Duration PAUSE = Duration.ofSeconds(5);

  private final System.Logger log;
  private int numUntold;
  private long quietUntil = System.nanoTime();

  RefusalLog(System.Logger log) {
    this.log = log;
  }

  void add(String whoAndWhy) {
    int others;
    synchronized (this) {
      long now = System.nanoTime();
      if (now - quietUntil < 0) {
        numUntold++;
        return;
      }
      others = numUntold;
      numUntold = 0;
      quietUntil = now + PAUSE.toNanos();
    }
    String more = others == 0 ? "" : " (and " + others + " others since the last line)";
    log.log(System.Logger.Level.WARNING, "refused {0}{1}", whoAndWhy, more);
  }
}
