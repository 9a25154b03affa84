package dev.burnish.service;

import dev.burnish.actor.Idempotent;
import dev.burnish.link.CallChain;
import dev.burnish.link.Clock;
import dev.burnish.link.failure.CallCancelled;
import dev.burnish.link.failure.CallFailure;
import dev.burnish.link.failure.CallTimedOut;
import dev.burnish.link.failure.Overloaded;
import dev.burnish.link.failure.ReplicaLost;
import dev.burnish.service.routing.BindingLost;
import dev.burnish.service.routing.Dispatcher;
import dev.burnish.service.routing.ReplicaSlot;
import dev.burnish.service.routing.Request;
import dev.burnish.service.routing.Request.Affinity;
import dev.burnish.service.state.ServiceMetrics.FailureKind;
import dev.burnish.service.state.Traffic;
import java.lang.reflect.Method;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Makes the calls of one process to a service: has a replica chosen, calls it on the caller's
/// thread, and does it again where that is allowed.
///
/// @param membership told of a replica that is seen to be lost
record ServiceClient<T>(
    String name,
    Dispatcher<Target<T>> dispatcher,
    Traffic traffic,
    Clock clock,
    int retries,
    Membership<T> membership) {
  /// A replica that does not say in this time that it lives is left to the health check.
  private static final Duration SIGN_OF_LIFE = Duration.ofSeconds(1);

  /// Calls some replica.
  ///
  /// @throws BindingLost if the call is of a session whose replica was lost before
  @Nullable Object call(
      Method method,
      Object @Nullable [] arguments,
      CallOptions options,
      Affinity<Target<T>> affinity)
      throws Throwable {
    long began = clock.nanos();
    Request<Target<T>> request =
        new Request<>(
            name + "." + method.getName(),
            options.priority(),
            began + options.timeout().toNanos(),
            affinity);
    return new Attempt(method, arguments, request, began).run();
  }

  /// Calls a certain replica, beside all others.
  @Nullable Object call(
      ReplicaSlot<Target<T>> slot, Method method, Object @Nullable [] arguments, Duration timeout)
      throws Throwable {
    long began = clock.nanos();
    Request<Target<T>> request =
        new Request<>(
            name + "." + method.getName(), 0, began + timeout.toNanos(), new Affinity.Any<>());
    return new Attempt(method, arguments, request, began).runAt(slot);
  }

  /// One call, with all its tries.
  private final class Attempt {
    private final Method method;
    private final Object @Nullable [] arguments;
    private final Request<Target<T>> request;
    private final long began;
    private FailureKind failedBy = FailureKind.ENDPOINT;

    Attempt(Method method, Object @Nullable [] arguments, Request<Target<T>> request, long began) {
      this.method = method;
      this.arguments = arguments;
      this.request = request;
      this.began = began;
    }

    @Nullable Object run() throws Throwable {
      Optional<ReplicaLost> first = Optional.empty();
      for (int tries = 0; ; tries++) {
        ReplicaSlot<Target<T>> slot = acquire(first);
        try {
          return at(slot);
        } catch (ReplicaLost e) {
          boolean lost = failedBy == FailureKind.LOST;
          ReplicaLost cause = lost ? keep(first, e) : e;
          if (!lost || tries >= retries || !mayRunTwice()) {
            traffic.failed(failedBy);
            throw cause;
          }
          first = Optional.of(cause);
        } catch (Throwable e) {
          traffic.failed(failedBy);
          throw e;
        }
      }
    }

    @Nullable Object runAt(ReplicaSlot<Target<T>> slot) throws Throwable {
      try {
        membership.await(request.what(), request.deadline());
        dispatcher.enter(slot);
      } catch (CallFailure e) {
        traffic.failed(kind(e));
        throw e;
      }
      try {
        return at(slot);
      } catch (Throwable e) {
        traffic.failed(failedBy);
        throw e;
      }
    }

    private ReplicaSlot<Target<T>> acquire(Optional<ReplicaLost> first) {
      try {
        membership.await(request.what(), request.deadline());
        return dispatcher.acquire(request);
      } catch (CallFailure e) {
        traffic.failed(kind(e));
        throw first.<RuntimeException>map(cause -> keep(Optional.of(cause), e)).orElse(e);
      }
    }

    /// The first failure stays; what came after it is added to it.
    private static ReplicaLost keep(Optional<ReplicaLost> first, CallFailure then) {
      first.ifPresent(cause -> cause.addSuppressed(then));
      return first.orElseGet(() -> (ReplicaLost) then);
    }

    private boolean mayRunTwice() {
      return method.isAnnotationPresent(Idempotent.class)
          && !(request.affinity() instanceof Affinity.Bound<Target<T>>);
    }

    /// Whatever the replica calls is called while this holds a permit of it.
    private @Nullable Object holding(ReplicaSlot<Target<T>> slot) throws Throwable {
      return CallChain.current()
          .then(slot.holder(name + "/" + slot.replica()))
          .<@Nullable Object, Throwable>during(
              () -> slot.target().call(method, arguments, request.deadline() - clock.nanos()));
    }

    /// Calls the replica and gives its slot back: when that is known to be lost, nobody gets it.
    private @Nullable Object at(ReplicaSlot<Target<T>> slot) throws Throwable {
      Traffic.Counts counts = traffic.replica(slot.replica());
      try {
        Object value = holding(slot);
        traffic.succeeded(began);
        return value;
      } catch (Throwable e) {
        failedBy = e instanceof ReplicaLost lost ? look(slot, lost) : kind(e);
        counts.failures().increment();
        throw e;
      } finally {
        counts.requests().increment();
        dispatcher.release(slot);
      }
    }
  }

  /// An endpoint may itself have called something that is lost; then its own replica answers.
  private FailureKind look(ReplicaSlot<Target<T>> slot, ReplicaLost thrown) {
    if (!slot.isGone() && answers(slot)) {
      return FailureKind.ENDPOINT;
    }
    membership.lost(slot, thrown);
    return FailureKind.LOST;
  }

  private static <T> boolean answers(ReplicaSlot<Target<T>> slot) {
    try {
      slot.target().mesh().probe(SIGN_OF_LIFE);
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
