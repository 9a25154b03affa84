package dev.burnish.service;

import dev.burnish.service.routing.Load;
import dev.burnish.service.scaling.Scaling;
import dev.burnish.service.scaling.ScalingDecision;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Scales a service by its load, check by check. Thread-safe.
final class Autoscaler {
  private static final System.Logger LOG = System.getLogger(Autoscaler.class.getName());

  private final ReplicaSet<?> replicas;
  private final Supplier<Load> load;
  private final LongAdder failures = new LongAdder();
  private final AtomicReference<@Nullable ScalingDecision> current = new AtomicReference<>();

  /// @param load of all processes that call the service
  Autoscaler(ReplicaSet<?> replicas, Supplier<Load> load) {
    this.replicas = replicas;
    this.load = load;
  }

  /// Checks the load periodically, until [#stop] or the next start.
  void start(Scaling scaling) {
    ScalingDecision decision = new ScalingDecision(scaling);
    current.set(decision);
    later(scaling, decision);
  }

  void stop() {
    current.set(null);
  }

  /// The number of checks at which the service could not be scaled.
  int numFailures() {
    return failures.intValue();
  }

  private void later(Scaling scaling, ScalingDecision decision) {
    replicas
        .system()
        .later(scaling.every(), replicas.name() + " scaling", () -> look(scaling, decision));
  }

  private void look(Scaling scaling, ScalingDecision decision) {
    if (current.get() != decision) {
      return;
    }
    try {
      int now = replicas.replicas().size();
      int target = decision.target(replicas.system().clock().nanos(), now, load.get());
      if (target != now) {
        replicas.scaleTo(target);
      }
    } catch (RuntimeException | Error e) {
      failures.increment();
      LOG.log(
          System.Logger.Level.WARNING,
          "service %s cannot be scaled now, it is tried again: %s".formatted(replicas.name(), e));
    } finally {
      later(scaling, decision);
    }
  }
}
