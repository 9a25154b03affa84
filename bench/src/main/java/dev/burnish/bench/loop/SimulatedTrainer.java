package dev.burnish.bench.loop;

import dev.burnish.train.MicroBatch;
import java.time.Duration;
import java.util.List;

/// A rank of a trainer that answers after a delay.
interface SimulatedTrainer {
  /// Takes its share of a batch; returns the tokens in it.
  long step(List<MicroBatch> share);

  /// See [SimulatedTrainer].
  final class Actor implements SimulatedTrainer {
    private final Duration time;

    /// @param nanos that a step takes
    Actor(long nanos) {
      this.time = Duration.ofNanos(nanos);
    }

    @Override
    public long step(List<MicroBatch> share) {
      try {
        Thread.sleep(time);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      return share.stream().mapToLong(micro -> micro.tokens().numTokens()).sum();
    }
  }
}
