package dev.burnish.service;

import dev.burnish.link.failure.CallCancelled;
import dev.burnish.link.failure.CallTimedOut;
import dev.burnish.link.failure.ReplicaLost;
import dev.burnish.service.FanOut.AtReplica;
import dev.burnish.service.FanOut.Attempt;
import dev.burnish.service.routing.ReplicaSlot;
import java.lang.reflect.UndeclaredThrowableException;
import java.util.List;
import java.util.Optional;

/// Decides the outcome of a change of state that was sent to every replica.
///
/// The change is made if a replica has made it: a replica that has not is replaced, and its
/// replacement has the change; no caller is sent to a replica that has not. If none has made it, it
/// is taken back: replicas whose endpoint threw stay as they were, those of which it is not known
/// whether they made it are replaced, without the change. So a change that returns is made at all,
/// and one that throws at none.
///
/// @param what the name of the change
record Commit<T>(ReplicaSet<T> replicas, String what) {
  /// No replica has made the change, and none has refused it: it may be tried again.
  static final class AllLost extends RuntimeException {
    private static final long serialVersionUID = 1;

    AllLost(String service, String what) {
      super(
          "every replica was lost that a change of state went to: service=%s change=%s"
              .formatted(service, what));
    }

    ReplicaLost failure() {
      ReplicaLost lost = new ReplicaLost(String.valueOf(getMessage()));
      for (Throwable each : getSuppressed()) {
        lost.addSuppressed(each);
      }
      return lost;
    }
  }

  /// Returns if the change is made.
  ///
  /// @throws AllLost if it may be tried again
  /// @throws RuntimeException the first failure by number, if it is taken back
  void settle(List<Attempt> attempts) {
    boolean isMade = attempts.stream().anyMatch(Commit::made);
    if (isMade && !isInterrupted(attempts)) {
      attempts.stream().filter(attempt -> !made(attempt)).forEach(this::replaceWithIt);
      replicas.directory().awaitWithdrawn();
      return;
    }
    attempts.stream().filter(this::mayHaveMade).forEach(this::replaceWithoutIt);
    throw failure(attempts);
  }

  private static boolean made(Attempt attempt) {
    return attempt.failure().isEmpty();
  }

  private static boolean isInterrupted(List<Attempt> attempts) {
    return Thread.currentThread().isInterrupted()
        && attempts.stream()
            .anyMatch(attempt -> attempt.failure().orElse(null) instanceof CallCancelled);
  }

  private void replaceWithIt(Attempt attempt) {
    replicas.replace(
        attempt.slot(),
        "it has not made the change %s that others have: %s"
            .formatted(what, attempt.failure().orElseThrow()));
  }

  private void replaceWithoutIt(Attempt attempt) {
    replicas.replace(
        attempt.slot(), "it may have made the change %s that is taken back".formatted(what));
  }

  private boolean mayHaveMade(Attempt attempt) {
    return switch (attempt.failure().orElse(null)) {
      case null -> true;
      case CallTimedOut _, CallCancelled _ -> true;
      default -> wasLost(attempt);
    };
  }

  private boolean wasLost(Attempt attempt) {
    return attempt.failure().orElse(null) instanceof ReplicaLost && !isThere(attempt.slot());
  }

  private boolean isThere(ReplicaSlot slot) {
    return !slot.isGone() && replicas.isAlive(slot);
  }

  private RuntimeException failure(List<Attempt> attempts) {
    Optional<Throwable> first = Optional.empty();
    AllLost allLost = new AllLost(replicas.name(), what);
    for (Attempt attempt : attempts) {
      Throwable cause = attempt.failure().orElse(null);
      if (cause != null && wasLost(attempt)) {
        allLost.addSuppressed(cause);
      } else if (cause != null) {
        cause.addSuppressed(new AtReplica(replicas.name(), attempt.slot().replica()));
        first
            .filter(before -> !before.equals(cause))
            .ifPresent(before -> before.addSuppressed(cause));
        first = first.or(() -> Optional.of(cause));
      }
    }
    return switch (first.orElse(allLost)) {
      case RuntimeException e -> e;
      case Error e -> throw e;
      case Throwable e -> new UndeclaredThrowableException(e);
    };
  }
}
