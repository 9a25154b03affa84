package dev.burnish.concurrent;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/// The wish of the user (Ctrl-C) that a long loop ends in good order: with its step finished and a
/// checkpoint written. A loop opens one while it runs and looks at [#requested()] after every step.
/// There is one such wish a process.
public final class Stop implements AutoCloseable {
  private static final AtomicInteger NUM_LISTENING = new AtomicInteger();
  private static final AtomicBoolean REQUESTED = new AtomicBoolean();

  private final AtomicBoolean closed = new AtomicBoolean();

  private Stop() {}

  /// Declares that a loop listens from here on, until this is closed.
  public static Stop listen() {
    NUM_LISTENING.incrementAndGet();
    return new Stop();
  }

  /// Asks every loop to end. Returns whether one listens that was not asked before; otherwise
  /// whoever asks has to end the process.
  public static boolean request() {
    return NUM_LISTENING.get() > 0 && !REQUESTED.getAndSet(true);
  }

  /// Whether a loop of this process was asked to end.
  public static boolean wasRequested() {
    return REQUESTED.get();
  }

  /// Whether to end now.
  public boolean requested() {
    return REQUESTED.get();
  }

  /// The loop has ended.
  @Override
  public void close() {
    if (!closed.getAndSet(true)) {
      NUM_LISTENING.decrementAndGet();
    }
  }

  static void forget() {
    REQUESTED.set(false);
  }
}
