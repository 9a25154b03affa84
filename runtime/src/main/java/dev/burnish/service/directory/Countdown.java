package dev.burnish.service.directory;

import dev.burnish.link.Clock;
import java.time.Duration;

/// A time limit that several waits share.
public final class Countdown {
  private final Clock clock;
  private final long deadline;

  /// Starts the countdown.
  public Countdown(Clock clock, Duration limit) {
    this.clock = clock;
    this.deadline = clock.nanos() + limit.toNanos();
  }

  /// The remaining time; zero when it is over.
  public Duration left() {
    return Duration.ofNanos(Math.max(0, deadline - clock.nanos()));
  }
}
