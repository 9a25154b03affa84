package dev.burnish.mesh;

import java.time.Duration;

/// Whether an actor that failed is restarted, in a new process if its own is gone. It restarts from
/// its initial state; its later state is lost, and calls that were under way have failed.
public sealed interface RestartPolicy {
  /// A failure goes to the owner.
  record Never() implements RestartPolicy {}

  /// After a time that doubles with each restart.
  ///
  /// @param first time before a restart
  /// @param longest time before a restart
  /// @param limit of restarts within the window; after that the failure goes to the owner
  record Backoff(Duration first, Duration longest, int limit, Duration window)
      implements RestartPolicy {
    /// @throws IllegalArgumentException if there is no restart or a time is negative
    public Backoff {
      if (limit < 1 || first.isNegative() || longest.compareTo(first) < 0 || window.isNegative()) {
        throw new IllegalArgumentException(
            "a restart waits a time, and there is at least one: mesh.restart.first=%s mesh.restart.longest=%s mesh.restart.limit=%d mesh.restart.window=%s"
                .formatted(first, longest, limit, window));
      }
    }

    /// The time before the restart after a number of others.
    Duration delay(int numBefore) {
      Duration delay = first.multipliedBy(1L << Math.min(numBefore, 20));
      return delay.compareTo(longest) > 0 ? longest : delay;
    }
  }

  /// No restart.
  static RestartPolicy never() {
    return new Never();
  }

  /// At most `limit` restarts in ten minutes, the first after 100 ms, none after more than 30 s.
  static RestartPolicy atMost(int limit) {
    return new Backoff(
        Duration.ofMillis(100), Duration.ofSeconds(30), limit, Duration.ofMinutes(10));
  }
}
