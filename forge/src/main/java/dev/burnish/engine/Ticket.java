package dev.burnish.engine;

import dev.burnish.concurrent.Waits;
import dev.burnish.engine.sampling.NonFiniteLogitsException;
import dev.burnish.rollout.Group;
import java.util.concurrent.CancellationException;

/// A request that a generator has taken. Thread-safe.
public final class Ticket {
  private final GroupTask task;

  Ticket(GroupTask task) {
    this.task = task;
  }

  /// Waits for the completions.
  ///
  /// @throws RuntimeException if the request failed
  /// @throws CancellationException if the caller is interrupted, which stays set; the request is
  ///   aborted
  /// @throws IllegalStateException if the generator was closed
  public Group await() {
    try {
      task.await();
      return task.group();
    } catch (NonFiniteLogitsException e) {
      throw new IllegalArgumentException(
          e.getMessage()
              + "; the published weights hold NaN or an infinity, or a product overflowed",
          e);
    } catch (InterruptedException e) {
      task.requestAbort();
      throw Waits.cancelled(e, "interrupted while waiting for a group");
    }
  }

  /// Ends the request, whose memory is free for others after the step that is being computed, and
  /// returns what there is: samples that had not ended have the reason
  /// [dev.burnish.rollout.FinishReason#ABORTED] and the tokens that they had, none for those that
  /// were not begun. The completions, if it has ended already.
  ///
  /// @throws RuntimeException as [#await] does
  public Group abort() {
    requestAbort();
    return await();
  }

  /// The same without waiting for it.
  void requestAbort() {
    task.requestAbort();
  }

  /// Whether the request has ended, so that [#await] returns or throws at once.
  public boolean isDone() {
    return task.isComplete();
  }
}
