package dev.burnish.link;

/// Failure detector: for how long a peer has been silent, as far as this process could have heard
/// it.
///
/// Between two checks, which are a heartbeat apart, at most two heartbeats count: where they were
/// further apart it was this process that did not run, and the peer's messages from that time are
/// still unread. So a busy machine does not declare its peers lost. For one thread.
final class FailureDetector {
  private static final int COUNTED = 2;

  private final long mostBetweenLooks;
  private long lastLook;
  private long lastHeard;
  private long nanos;

  FailureDetector(long heartbeatNanos, long now) {
    mostBetweenLooks = COUNTED * heartbeatNanos;
    lastLook = now;
    lastHeard = now;
  }

  /// Checks the peer; returns for how long it has been silent.
  ///
  /// @param heard when the last frame of the peer arrived
  /// @return nanoseconds
  long at(long now, long heard) {
    long counted = Math.min(now - lastLook, mostBetweenLooks);
    nanos = heard == lastHeard ? nanos + counted : Math.min(now - heard, counted);
    lastLook = now;
    lastHeard = heard;
    return nanos;
  }
}
