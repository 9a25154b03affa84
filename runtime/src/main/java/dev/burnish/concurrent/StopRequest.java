package dev.burnish.concurrent;

import java.util.concurrent.atomic.AtomicBoolean;

/// Whether this process was asked to end what it is doing, as by Ctrl-C. Long loops look between
/// two steps, save what they have and return; nothing is interrupted.
public final class StopRequest {
  private static final AtomicBoolean REQUESTED = new AtomicBoolean();

  private StopRequest() {}

  /// Asks.
  ///
  /// @return whether this is the first time
  public static boolean request() {
    return REQUESTED.compareAndSet(false, true);
  }

  public static boolean requested() {
    return REQUESTED.get();
  }

  /// Takes the request back, for a process that runs one thing after another.
  public static void clear() {
    REQUESTED.set(false);
  }
}
