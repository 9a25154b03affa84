package dev.burnish.engine;

import dev.burnish.concurrent.Waits;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;

/// An announced version on its way into use, and the caller who announced it.
final class Takeover {
  private final WeightSource.Snapshot snapshot;
  private final WeightUpdate update;
  private final CountDownLatch answered = new CountDownLatch(1);
  private Optional<RuntimeException> failure = Optional.empty();

  Takeover(WeightSource.Snapshot snapshot, WeightUpdate update) {
    this.snapshot = snapshot;
    this.update = update;
  }

  /// The treatment of requests that have begun.
  WeightUpdate update() {
    return update;
  }

  WeightSource.Snapshot snapshot() {
    return snapshot;
  }

  long version() {
    return snapshot.version();
  }

  /// Lets the caller go while the version is kept: calls that run may not use it, or it is read
  /// where it is.
  void answer() {
    answered.countDown();
  }

  /// Lets the caller go, and the memory.
  void end() {
    answered.countDown();
    snapshot.close();
  }

  /// The same with a failure for the caller, if he still waits.
  void fail(RuntimeException cause) {
    failure = Optional.of(cause);
    end();
  }

  /// @throws CancellationException if the caller is interrupted, which stays set; the version is
  ///   taken over nevertheless
  void await() {
    try {
      Waits.await(answered);
    } catch (InterruptedException e) {
      throw Waits.cancelled(e, "interrupted while weights are taken over: version=" + version());
    }
    failure.ifPresent(cause -> {
      throw cause;
    });
  }
}
