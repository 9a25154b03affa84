package dev.burnish.service;

import dev.burnish.metrics.Metrics;
import dev.burnish.metrics.Reduce;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// The state of a service, as one process that calls it sees it.
///
/// @param requests calls that have ended; a fan-out counts once per replica
/// @param failures of these, by kind
/// @param perSecond requests per second over the last minute
/// @param latency of requests that succeeded, waiting included
/// @param numQueued calls that wait for a replica
/// @param utilisation the fraction of the healthy replicas' permits that is in use, in [0, 1]
/// @param numSessions open sessions
/// @param restarts of replicas since the service began
/// @param scalingFailures checks since then at which the service could not be scaled
public record ServiceMetrics(
    long requests,
    Map<FailureKind, Long> failures,
    double perSecond,
    Latency latency,
    int numQueued,
    double utilisation,
    int numSessions,
    int restarts,
    int scalingFailures,
    List<OfReplica> replicas) {
  /// Why a request failed.
  public enum FailureKind {
    /// The endpoint threw.
    ENDPOINT,
    /// Its replica was lost.
    LOST,
    /// Its deadline passed.
    TIMED_OUT,
    /// Its caller was interrupted.
    CANCELLED,
    /// The queue was full.
    OVERLOADED
  }

  /// Quantiles.
  public record Latency(Duration p50, Duration p90, Duration p99) {}

  /// The metrics of one replica.
  ///
  /// @param requests that it finished, over all its restarts
  /// @param failures of these, of every kind
  public record OfReplica(
      int index,
      ReplicaState state,
      int numRestarts,
      long requests,
      long failures,
      int numInFlight,
      int numQueued,
      int numSessions) {}

  /// Failures of every kind.
  public long numFailed() {
    return failures.values().stream().mapToLong(Long::longValue).sum();
  }

  /// Records everything under `service/NAME/`, as numbers that the seed does not determine.
  public void record(String name, Metrics into) {
    String prefix = "service/" + name + "/";
    into.time(prefix + "requests", requests, Reduce.LAST);
    failures.forEach((kind, count) ->
        into.time(prefix + "failures/" + kind.name().toLowerCase(Locale.ROOT), count, Reduce.LAST));
    into.time(prefix + "requests_per_second", perSecond, Reduce.LAST);
    into.time(prefix + "latency_p50_ms", millis(latency.p50()), Reduce.LAST);
    into.time(prefix + "latency_p90_ms", millis(latency.p90()), Reduce.LAST);
    into.time(prefix + "latency_p99_ms", millis(latency.p99()), Reduce.LAST);
    into.time(prefix + "queued", numQueued, Reduce.LAST);
    into.time(prefix + "utilisation", utilisation, Reduce.LAST);
    into.time(prefix + "sessions", numSessions, Reduce.LAST);
    into.time(prefix + "restarts", restarts, Reduce.LAST);
    into.time(prefix + "scaling_failures", scalingFailures, Reduce.LAST);
  }

  /// The same in lines for people, such as for `burnish ps`: one for the service, one per replica.
  public List<String> describe(String name) {
    List<String> lines = new ArrayList<>();
    lines.add(
        "requests %d  failed %d  %.1f/s  p50 %.1f ms  p99 %.1f ms  queued %d  used %.0f %%  sessions %d  restarts %d"
                .formatted(
                    requests,
                    numFailed(),
                    perSecond,
                    millis(latency.p50()),
                    millis(latency.p99()),
                    numQueued,
                    100 * utilisation,
                    numSessions,
                    restarts)
            + (scalingFailures == 0 ? "" : "  not scaled %d times".formatted(scalingFailures)));
    for (OfReplica replica : replicas) {
      lines.add(
          "%-20s %-9s requests %-8d failed %-5d restarts %d"
              .formatted(
                  name + "/" + replica.index(),
                  replica.state().name().toLowerCase(Locale.ROOT),
                  replica.requests(),
                  replica.failures(),
                  replica.numRestarts()));
    }
    return lines;
  }

  private static double millis(Duration time) {
    return time.toNanos() / 1e6;
  }
}
