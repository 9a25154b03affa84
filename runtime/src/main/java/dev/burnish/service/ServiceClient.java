package dev.burnish.service;

import dev.burnish.actor.Idempotent;
import dev.burnish.link.CallChain;
import dev.burnish.link.Clock;
import dev.burnish.link.failure.CallCancelled;
import dev.burnish.link.failure.CallFailure;
import dev.burnish.link.failure.CallTimedOut;
import dev.burnish.link.failure.Overloaded;
import dev.burnish.link.failure.ReplicaLost;
import dev.burnish.service.ServiceMetrics.FailureKind;
import dev.burnish.service.routing.BindingLost;
import dev.burnish.service.routing.CallName;
import dev.burnish.service.routing.Dispatcher;
import dev.burnish.service.routing.ReplicaSlot;
import dev.burnish.service.routing.Request;
import dev.burnish.service.routing.Request.Affinity;
import java.lang.reflect.Method;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Makes the calls of one process to a service: gets a replica from the dispatcher, calls it on the
/// caller's thread, and calls another where that is allowed.
///
/// @param retries of a call of an idempotent endpoint
/// @param membership told of a replica that is seen to be lost
record ServiceClient(
    String name,
    Dispatcher dispatcher,
    Traffic traffic,
    Clock clock,
    int retries,
    Membership membership) {
  /// A replica that does not answer a ping in this time is left to the health check.
  private static final Duration SIGN_OF_LIFE = Duration.ofSeconds(1);

  /// The answer to a call at one replica.
  private sealed interface Answer {
    /// It returned.
    record Value(@Nullable Object value) implements Answer {}

    /// The replica is lost with the call: another may be called.
    record Lost(ReplicaLost cause) implements Answer {}

    /// It failed in another way.
    record Failed(Throwable cause, FailureKind kind) implements Answer {}
  }

  /// Calls some replica.
  ///
  /// @throws BindingLost if the call is of a session whose replica was lost before
  @Nullable Object call(
      Method method, Object @Nullable [] arguments, CallOptions options, Affinity affinity)
      throws Throwable {
    long began = clock.nanos();
    Request request =
        new Request(
            new CallName(name, method.getName()),
            options.priority(),
            began + options.timeout().toNanos(),
            affinity);
    return new Attempt(method, arguments, request, began).run();
  }

  /// Calls a certain replica, concurrently with all its other calls.
  @Nullable Object call(
      ReplicaSlot slot, Method method, Object @Nullable [] arguments, Duration timeout)
      throws Throwable {
    long began = clock.nanos();
    Request request =
        new Request(
            new CallName(name, method.getName()), 0, began + timeout.toNanos(), Affinity.ANY);
    return new Attempt(method, arguments, request, began).runAt(slot);
  }

  /// One call, with all its attempts.
  private final class Attempt {
    private final Method method;
    private final Object @Nullable [] arguments;
    private final Request request;
    private final long began;

    Attempt(Method method, Object @Nullable [] arguments, Request request, long began) {
      this.method = method;
      this.arguments = arguments;
      this.request = request;
      this.began = began;
    }

    @Nullable Object run() throws Throwable {
      Optional<ReplicaLost> first = Optional.empty();
      for (int tries = 0; ; tries++) {
        Answer answer = at(acquire(first));
        if (!(answer instanceof Answer.Lost(ReplicaLost then))) {
          return result(answer);
        }
        ReplicaLost cause = keep(first, then);
        if (tries >= retries || !mayRunTwice()) {
          return result(new Answer.Lost(cause));
        }
        first = Optional.of(cause);
      }
    }

    @Nullable Object runAt(ReplicaSlot slot) throws Throwable {
      try {
        membership.await(request.call(), request.deadline());
        dispatcher.enter(slot);
      } catch (CallFailure e) {
        traffic.failed(kind(e));
        throw e;
      }
      return result(at(slot));
    }

    /// The final result for the caller.
    private @Nullable Object result(Answer answer) throws Throwable {
      return switch (answer) {
        case Answer.Value value -> {
          traffic.succeeded(began);
          yield value.value();
        }
        case Answer.Lost(ReplicaLost cause) -> {
          traffic.failed(FailureKind.LOST);
          throw cause;
        }
        case Answer.Failed(Throwable cause, FailureKind kind) -> {
          traffic.failed(kind);
          throw cause;
        }
      };
    }

    private ReplicaSlot acquire(Optional<ReplicaLost> first) {
      try {
        membership.await(request.call(), request.deadline());
        return dispatcher.acquire(request);
      } catch (CallFailure e) {
        traffic.failed(kind(e));
        throw first.<RuntimeException>map(cause -> keep(Optional.of(cause), e)).orElse(e);
      }
    }

    /// The first failure stays; later ones are added to it.
    private static ReplicaLost keep(Optional<ReplicaLost> first, CallFailure then) {
      first.ifPresent(cause -> cause.addSuppressed(then));
      return first.orElseGet(() -> (ReplicaLost) then);
    }

    private boolean mayRunTwice() {
      return method.isAnnotationPresent(Idempotent.class)
          && !(request.affinity() instanceof Affinity.Bound);
    }

    /// Calls that the replica makes are made while this holds a permit of it.
    private @Nullable Object holding(ReplicaSlot slot) throws Throwable {
      return slot.heldBy(CallChain.current())
          .<@Nullable Object, Throwable>during(
              () -> slot.target().call(method, arguments, request.deadline() - clock.nanos()));
    }

    /// Calls the replica and gives its permit back: when the replica is known to be lost, no call
    /// gets the permit.
    private Answer at(ReplicaSlot slot) {
      Traffic.Counts counts = traffic.replica(slot.replica());
      try {
        return new Answer.Value(holding(slot));
      } catch (Throwable e) {
        counts.failures().increment();
        return e instanceof ReplicaLost lost ? look(slot, lost) : new Answer.Failed(e, kind(e));
      } finally {
        counts.requests().increment();
        dispatcher.release(slot);
      }
    }
  }

  /// An endpoint may itself have called something that is lost; then its own replica answers.
  private Answer look(ReplicaSlot slot, ReplicaLost thrown) {
    if (!slot.isGone() && answers(slot)) {
      return new Answer.Failed(thrown, FailureKind.ENDPOINT);
    }
    membership.lost(slot, thrown);
    return new Answer.Lost(thrown);
  }

  private static boolean answers(ReplicaSlot slot) {
    try {
      slot.target().actors().probe(SIGN_OF_LIFE);
      return true;
    } catch (ReplicaLost e) {
      return false;
    } catch (CallTimedOut | CallCancelled e) {
      return true;
    }
  }

  private static FailureKind kind(Throwable thrown) {
    return thrown instanceof CallFailure failure
        ? switch (failure) {
          case ReplicaLost _ -> FailureKind.LOST;
          case CallTimedOut _ -> FailureKind.TIMED_OUT;
          case CallCancelled _ -> FailureKind.CANCELLED;
          case Overloaded _ -> FailureKind.OVERLOADED;
        }
        : FailureKind.ENDPOINT;
  }
}
