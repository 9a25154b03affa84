package dev.burnish.service.scaling;

import java.time.Duration;

/// When a service scales by itself.
///
/// @param min replicas that it keeps
/// @param max replicas that it does not exceed
/// @param queuedPerReplica more waiting calls than this per replica make it grow
/// @param idleBelow a fraction of permits in use, with nothing waiting, below which it shrinks
/// @param upAfter the time for which the load must have been high
/// @param downAfter the time for which the load must have been low
/// @param every time between checks
public record Scaling(
    int min,
    int max,
    double queuedPerReplica,
    double idleBelow,
    Duration upAfter,
    Duration downAfter,
    Duration every) {
  /// @throws IllegalArgumentException if the bounds are not in order, or it would oscillate between
  ///   growing and shrinking
  public Scaling {
    if (min < 1 || max < min) {
      throw new IllegalArgumentException(
          "a service must keep a replica, and no more than it may have: service.scaling.min=%d service.scaling.max=%d"
              .formatted(min, max));
    }
    if (!(queuedPerReplica >= 0) || !(idleBelow >= 0 && idleBelow <= 1)) {
      throw new IllegalArgumentException(
          "loads must not be negative, and a share must be at most 1: service.scaling.queuedPerReplica=%s service.scaling.idleBelow=%s"
              .formatted(queuedPerReplica, idleBelow));
    }
    if (upAfter.isNegative() || downAfter.compareTo(upAfter) < 0 || !every.isPositive()) {
      throw new IllegalArgumentException(
          "shrinking must take no less time than growing: service.scaling.upAfter=%s service.scaling.downAfter=%s service.scaling.every=%s"
              .formatted(upAfter, downAfter, every));
    }
  }

  /// Grows when two calls per replica have waited for a second, shrinks when less than 30 % of the
  /// permits were used for 30 s; checks every 250 ms.
  public static Scaling between(int min, int max) {
    return new Scaling(
        min, max, 2, 0.3, Duration.ofSeconds(1), Duration.ofSeconds(30), Duration.ofMillis(250));
  }

  /// The same with other times.
  public Scaling withTimes(Duration otherUpAfter, Duration otherDownAfter, Duration otherEvery) {
    return new Scaling(
        min, max, queuedPerReplica, idleBelow, otherUpAfter, otherDownAfter, otherEvery);
  }
}
