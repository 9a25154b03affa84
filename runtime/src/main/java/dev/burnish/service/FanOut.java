package dev.burnish.service;

import dev.burnish.actor.Context;
import dev.burnish.concurrent.Scope;
import dev.burnish.link.failure.ReplicaLost;
import dev.burnish.service.routing.Lane;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// A call of all of some replicas.
///
/// @param lanes to them, by number
record FanOut<T>(Calls<T> calls, Class<T> type, List<Lane<Target<T>>> lanes, Duration timeout) {
  /// What came of it, by the number of the replica.
  <R extends @Nullable Object> List<Outcome<R>> outcomes(Function<? super T, ? extends R> call) {
    return Scope.map(lanes, Context.waitedFor(lane -> outcome(lane, call)));
  }

  private <R extends @Nullable Object> Outcome<R> outcome(
      Lane<Target<T>> lane, Function<? super T, ? extends R> call) {
    try {
      return new Outcome.Value<R>(lane.replica(), call.apply(actor(lane)));
    } catch (RuntimeException e) {
      return new Outcome.Failed<R>(lane.replica(), e);
    }
  }

  private T actor(Lane<Target<T>> lane) {
    return RoutedStub.of(
        type,
        lane.target().mesh().name(),
        (method, arguments) -> calls.call(lane, method, arguments, timeout));
  }

  /// The results, by the number of the replica.
  ///
  /// @throws RuntimeException the first failure, as it is
  <R extends @Nullable Object> List<R> values(Function<? super T, ? extends R> call) {
    return values(outcomes(call));
  }

  /// The same, without replicas that were lost meanwhile.
  <R extends @Nullable Object> List<R> valuesOfTheLiving(Function<? super T, ? extends R> call) {
    List<Outcome<R>> outcomes = new ArrayList<>(outcomes(call));
    outcomes.removeIf(this::wasLost);
    return values(outcomes);
  }

  private boolean wasLost(Outcome<?> outcome) {
    return outcome instanceof Outcome.Failed<?>(int replica, RuntimeException cause)
        && cause instanceof ReplicaLost
        && lanes.stream().anyMatch(lane -> lane.replica() == replica && lane.isGone());
  }

  private <R extends @Nullable Object> List<R> values(List<Outcome<R>> outcomes) {
    List<R> values = new ArrayList<>();
    Optional<RuntimeException> failure = Optional.empty();
    for (Outcome<R> outcome : outcomes) {
      switch (outcome) {
        case Outcome.Value<R>(_, R value) -> values.add(value);
        case Outcome.Failed<R>(int replica, RuntimeException cause) -> {
          cause.addSuppressed(new AtReplica(calls.name(), replica));
          failure
              .filter(first -> !first.equals(cause))
              .ifPresent(first -> first.addSuppressed(cause));
          failure = failure.or(() -> Optional.of(cause));
        }
      }
    }
    failure.ifPresent(cause -> {
      throw cause;
    });
    return values;
  }

  /// Names the replica that a failure is of, which is thrown as it is.
  private static final class AtReplica extends RuntimeException {
    private static final long serialVersionUID = 1;

    AtReplica(String service, int replica) {
      super("at replica %d of service %s".formatted(replica, service), null, false, false);
    }
  }
}
