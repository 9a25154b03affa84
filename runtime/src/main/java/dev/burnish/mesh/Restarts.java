package dev.burnish.mesh;

import dev.burnish.link.Clock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;

/// The restarts of something, as its policy allows them. Thread-safe.
public final class Restarts {
  private final RestartPolicy policy;
  private final Clock clock;
  private final Deque<Long> times = new ArrayDeque<>();

  /// None yet.
  public Restarts(RestartPolicy policy, Clock clock) {
    this.policy = policy;
    this.clock = clock;
  }

  /// The time to wait before one more, if the policy allows it.
  public synchronized Optional<Duration> next() {
    return switch (policy) {
      case RestartPolicy.Never _ -> Optional.empty();
      case RestartPolicy.Backoff backoff -> {
        long now = clock.nanos();
        while (!times.isEmpty() && now - times.peek() > backoff.window().toNanos()) {
          times.remove();
        }
        if (times.size() >= backoff.limit()) {
          yield Optional.empty();
        }
        times.add(now);
        yield Optional.of(backoff.delay(times.size() - 1));
      }
    };
  }
}
