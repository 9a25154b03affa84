package dev.burnish.service;

import static org.assertj.core.api.Assertions.fail;

import java.time.Duration;
import java.util.function.BooleanSupplier;

/// Waits for states.
final class Waiting {
  private static final Duration LIMIT = Duration.ofSeconds(60);

  private Waiting() {}

  /// Returns when a condition holds; fails the test if that takes a minute.
  static void until(String what, BooleanSupplier condition) {
    long deadline = System.nanoTime() + LIMIT.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > deadline) {
        fail("not within " + LIMIT + ": " + what);
      }
      Thread.onSpinWait();
    }
  }
}
