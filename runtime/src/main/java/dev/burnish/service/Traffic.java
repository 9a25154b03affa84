package dev.burnish.service;

import dev.burnish.link.Clock;
import dev.burnish.metrics.Histogram;
import dev.burnish.metrics.RateWindow;
import dev.burnish.service.ServiceMetrics.FailureKind;
import dev.burnish.service.ServiceMetrics.Latency;
import dev.burnish.service.ServiceMetrics.OfReplica;
import dev.burnish.service.routing.Load;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/// Counts the calls of one process to a service. Thread-safe.
final class Traffic {
  private static final int WINDOW_SECONDS = 60;

  private final Clock clock;
  private final Histogram latencies = new Histogram();
  private final RateWindow rate;
  private final LongAdder numSucceeded = new LongAdder();
  private final Map<FailureKind, LongAdder> failures = new EnumMap<>(FailureKind.class);
  private final Map<Integer, Counts> replicas = new ConcurrentHashMap<>();

  /// The counts of one replica, over all its restarts.
  ///
  /// @param requests that ended
  record Counts(LongAdder requests, LongAdder failures) {}

  /// Nothing yet.
  Traffic(Clock clock) {
    this.clock = clock;
    rate = new RateWindow(WINDOW_SECONDS, clock.nanos());
    for (FailureKind kind : FailureKind.values()) {
      failures.put(kind, new LongAdder());
    }
  }

  /// The counts of a replica, by number.
  Counts replica(int index) {
    return replicas.computeIfAbsent(index, i -> new Counts(new LongAdder(), new LongAdder()));
  }

  /// Counts a request that was answered.
  ///
  /// @param began in nanoseconds of the clock
  void succeeded(long began) {
    long now = clock.nanos();
    latencies.record(now - began);
    rate.count(now);
    numSucceeded.increment();
  }

  /// Counts a request that failed.
  void failed(FailureKind kind) {
    rate.count(clock.nanos());
    failures.getOrDefault(kind, new LongAdder()).increment();
  }

  /// All counts, together with other metrics.
  ///
  /// @param load at this moment
  /// @param replicas of the service, as far as they are known here
  /// @param history of all of them
  ServiceMetrics metrics(Load load, List<ReplicaStatus> replicas, History history) {
    Map<FailureKind, Long> failed = failures();
    return new ServiceMetrics(
        numSucceeded.sum() + failed.values().stream().mapToLong(Long::longValue).sum(),
        failed,
        rate.perSecond(clock.nanos()),
        new Latency(quantile(0.5), quantile(0.9), quantile(0.99)),
        load.numQueued(),
        load.utilisation(),
        load.numSessions(),
        history.restarts(),
        history.scalingFailures(),
        replicas.stream().map(replica -> metrics(replica, load)).toList());
  }

  private OfReplica metrics(ReplicaStatus replica, Load load) {
    Counts counts = replica(replica.index());
    Load.OfReplica now =
        load.replicas().stream()
            .filter(other -> other.replica() == replica.index())
            .findFirst()
            .orElseGet(() -> new Load.OfReplica(replica.index(), 0, 0, 0));
    return new OfReplica(
        replica.index(),
        replica.state(),
        replica.numRestarts(),
        counts.requests().sum(),
        counts.failures().sum(),
        now.numInFlight(),
        now.numQueued(),
        now.numSessions());
  }

  private Map<FailureKind, Long> failures() {
    Map<FailureKind, Long> sums = new EnumMap<>(FailureKind.class);
    failures.forEach((kind, count) -> sums.put(kind, count.sum()));
    return sums;
  }

  private Duration quantile(double q) {
    return Duration.ofNanos(latencies.quantile(q));
  }
}
