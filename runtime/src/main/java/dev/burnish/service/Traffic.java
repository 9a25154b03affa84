package dev.burnish.service;

import dev.burnish.link.Clock;
import dev.burnish.metrics.Histogram;
import dev.burnish.metrics.RateWindow;
import dev.burnish.service.ServiceMetrics.FailureKind;
import dev.burnish.service.ServiceMetrics.Latency;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/// Counts the calls of one process to a service.
final class Traffic {
  private static final int WINDOW_SECONDS = 60;

  private final Clock clock;
  private final Histogram latencies = new Histogram();
  private final RateWindow rate;
  private final LongAdder numSucceeded = new LongAdder();
  private final Map<FailureKind, LongAdder> failures = new EnumMap<>(FailureKind.class);
  private final Map<Integer, OfReplica> replicas = new ConcurrentHashMap<>();

  /// @param requests that ended
  record OfReplica(LongAdder requests, LongAdder failures) {}

  Traffic(Clock clock) {
    this.clock = clock;
    rate = new RateWindow(WINDOW_SECONDS, clock.nanos());
    for (FailureKind kind : FailureKind.values()) {
      failures.put(kind, new LongAdder());
    }
  }

  OfReplica replica(int index) {
    return replicas.computeIfAbsent(index, i -> new OfReplica(new LongAdder(), new LongAdder()));
  }

  void succeeded(long began) {
    long now = clock.nanos();
    latencies.record(now - began);
    rate.count(now);
    numSucceeded.increment();
  }

  void failed(FailureKind kind) {
    rate.count(clock.nanos());
    failures.getOrDefault(kind, new LongAdder()).increment();
  }

  long numSucceeded() {
    return numSucceeded.sum();
  }

  Map<FailureKind, Long> failures() {
    Map<FailureKind, Long> sums = new EnumMap<>(FailureKind.class);
    failures.forEach((kind, count) -> sums.put(kind, count.sum()));
    return sums;
  }

  double perSecond() {
    return rate.perSecond(clock.nanos());
  }

  Latency latency() {
    return new Latency(quantile(0.5), quantile(0.9), quantile(0.99));
  }

  private Duration quantile(double q) {
    return Duration.ofNanos(latencies.quantile(q));
  }
}
