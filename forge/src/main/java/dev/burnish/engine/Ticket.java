package dev.burnish.engine;

import dev.burnish.rollout.Group;

/// A request that a generator has taken. Thread-safe.
public final class Ticket {
  private final Call call;

  Ticket(Call call) {
    this.call = call;
  }

  /// Waits for the completions.
  ///
  /// @throws RuntimeException if the request failed
  /// @throws java.util.concurrent.CancellationException if the caller is interrupted, which stays
  ///   set; the request is aborted
  /// @throws IllegalStateException if the generator was closed
  public Group await() {
    return call.await().getFirst();
  }

  /// Ends the request, whose memory is free for others after the step that is being computed, and
  /// returns what there is: samples that had not ended have the reason
  /// [dev.burnish.rollout.FinishReason#ABORTED] and the tokens that they had, none for those that
  /// were not begun. The completions, if it has ended already.
  ///
  /// @throws RuntimeException as [#await] does
  public Group abort() {
    call.abort();
    return await();
  }

  /// Whether the request has ended, so that [#await] returns or throws at once.
  public boolean isDone() {
    return call.isDone();
  }
}
