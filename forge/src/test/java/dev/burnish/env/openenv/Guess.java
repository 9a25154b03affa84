package dev.burnish.env.openenv;

import dev.burnish.rollout.Environment;
import java.util.concurrent.atomic.AtomicInteger;

/// Asks for the last digit of the seed.
final class Guess implements Environment {
  private final AtomicInteger closed;
  private long number;

  /// @param closed counts environments that were closed
  Guess(AtomicInteger closed) {
    this.closed = closed;
  }

  @Override
  public Observation reset(long seed) {
    number = seed % 10;
    return Observation.user("a digit?");
  }

  @Override
  public Step step(Action action) {
    if (!action.text().matches("[0-9]")) {
      throw new IllegalStateException("no digit: " + action.text());
    }
    int guess = Integer.parseInt(action.text());
    return guess == number
        ? Step.over(1)
        : new Step.Next(Observation.user(guess < number ? "higher" : "lower"), -0.5);
  }

  @Override
  public void close() {
    closed.incrementAndGet();
  }
}
