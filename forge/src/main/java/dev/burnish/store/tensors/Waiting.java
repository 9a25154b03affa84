package dev.burnish.store.tensors;

import dev.burnish.actor.Context;
import dev.burnish.concurrent.Scope;
import dev.burnish.concurrent.Subtask;
import dev.burnish.concurrent.TaskFailed;
import dev.burnish.link.failure.CallCancelled;
import dev.burnish.link.failure.CallTimedOut;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import java.util.function.Supplier;

/// Calls that wait at the catalogue, within a time of the caller's.
final class Waiting {
  private Waiting() {}

  /// Calls, again where the time of the stub is over before, and interrupts the call at the end.
  ///
  /// @param limit of all calls together
  /// @return empty if it has not answered by then
  /// @throws CallCancelled on an interrupt
  static <T> Optional<T> within(Duration limit, Supplier<T> call) {
    AtomicBoolean late = new AtomicBoolean();
    Function<Supplier<T>, T> waiting = Context.waitedFor(Waiting::untilAnswered);
    try (Scope scope = Scope.open()) {
      Subtask<T> answer = scope.fork("store/await", () -> waiting.apply(call));
      scope.background(
          "store/limit",
          () -> {
            Thread.sleep(limit);
            late.set(true);
            scope.cancel();
          });
      scope.join();
      return Optional.of(answer.result());
    } catch (CallCancelled | TaskFailed e) {
      if (late.get()) {
        return Optional.empty();
      }
      throw e;
    } catch (Scope.Interrupted e) {
      throw new CallCancelled("interrupted while waiting for the catalogue", e);
    }
  }

  private static <T> T untilAnswered(Supplier<T> call) {
    while (true) {
      try {
        return call.get();
      } catch (CallTimedOut e) {
        if (Thread.currentThread().isInterrupted()) {
          throw e;
        }
      }
    }
  }
}
