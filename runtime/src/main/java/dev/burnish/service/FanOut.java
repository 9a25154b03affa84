package dev.burnish.service;

import dev.burnish.actor.Context;
import dev.burnish.concurrent.Scope;
import dev.burnish.link.failure.CallCancelled;
import dev.burnish.service.routing.ReplicaSlot;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// A call of all of some replicas.
///
/// @param slots of the replicas, by number
record FanOut<T>(ServiceClient client, Class<T> type, List<ReplicaSlot> slots, Duration timeout) {
  private static final System.Logger LOG = System.getLogger(FanOut.class.getName());

  /// The outcomes, by the number of the replica.
  ///
  /// @throws CallCancelled if the caller is interrupted, which stays set
  <R extends @Nullable Object> List<Outcome<R>> outcomes(Function<? super T, ? extends R> call) {
    return map(client.name() + " at all", slots, Context.waitedFor(slot -> outcome(slot, call)));
  }

  /// Applies a function to each at once, as [Scope#map] does.
  ///
  /// @throws CallCancelled if the caller is interrupted, which stays set
  static <A, R extends @Nullable Object> List<R> map(
      String what, List<? extends A> elements, Function<? super A, ? extends R> work) {
    try {
      return Scope.map(elements, work);
    } catch (CancellationException e) {
      throw ended(e, what);
    }
  }

  /// The exception for an interrupt of the caller, if that is what ended a scope.
  static RuntimeException ended(CancellationException scope, String what) {
    if (!Thread.currentThread().isInterrupted()) {
      return scope;
    }
    CallCancelled cancelled = new CallCancelled("the caller was interrupted: call=" + what);
    cancelled.initCause(scope);
    return cancelled;
  }

  /// The result of a change of state at a replica.
  ///
  /// @param failure why it was not made there; empty if it was
  record Attempt(ReplicaSlot slot, Optional<Throwable> failure) {}

  /// Makes a change of state, and waits for all, whatever they throw: an interrupted one has an
  /// outcome too.
  List<Attempt> attempts(Consumer<? super T> change) {
    Map<ReplicaSlot, Attempt> attempts = new ConcurrentHashMap<>();
    slots.forEach(slot ->
        attempts.put(slot, new Attempt(slot, Optional.of(new CallCancelled("it was not begun")))));
    Function<ReplicaSlot, Boolean> work =
        slot -> {
          attempts.put(slot, new Attempt(slot, attempt(slot, change)));
          return true;
        };
    try {
      List<Boolean> ignored = Scope.map(slots, Context.waitedFor(work));
    } catch (CancellationException e) {
      LOG.log(System.Logger.Level.DEBUG, "a change of state was interrupted", e);
    }
    return slots.stream().map(attempts::get).toList();
  }

  private Optional<Throwable> attempt(ReplicaSlot slot, Consumer<? super T> change) {
    try {
      change.accept(actor(slot));
      return Optional.empty();
    } catch (Throwable e) {
      return Optional.of(e);
    }
  }

  private <R extends @Nullable Object> Outcome<R> outcome(
      ReplicaSlot slot, Function<? super T, ? extends R> call) {
    try {
      return new Outcome.Value<R>(slot.replica(), call.apply(actor(slot)));
    } catch (RuntimeException e) {
      return new Outcome.Failed<R>(slot.replica(), e);
    }
  }

  private T actor(ReplicaSlot slot) {
    return RoutedStub.of(
        type,
        slot.target().name(),
        (method, arguments) -> client.call(slot, method, arguments, timeout));
  }

  /// The results, by the number of the replica.
  ///
  /// @throws RuntimeException the first failure, as it is
  <R extends @Nullable Object> List<R> values(Function<? super T, ? extends R> call) {
    return values(outcomes(call));
  }

  private <R extends @Nullable Object> List<R> values(List<Outcome<R>> outcomes) {
    List<R> values = new ArrayList<>();
    Optional<RuntimeException> failure = Optional.empty();
    for (Outcome<R> outcome : outcomes) {
      switch (outcome) {
        case Outcome.Value<R>(_, R value) -> values.add(value);
        case Outcome.Failed<R>(int replica, RuntimeException cause) -> {
          cause.addSuppressed(new AtReplica(client.name(), replica));
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

  /// Names the replica of a failure, which is thrown unchanged.
  static final class AtReplica extends RuntimeException {
    private static final long serialVersionUID = 1;

    AtReplica(String service, int replica) {
      super("at replica %d of service %s".formatted(replica, service), null, false, false);
    }
  }
}
