package dev.burnish.bench.mesh;

import dev.burnish.actor.Idempotent;

/// The work of a service's replicas while they are measured.
interface Toil {
  @Idempotent
  void nothing();

  /// Waits 5 ms.
  void sleep();

  /// Computes for about 5 ms of one core.
  double compute();

  /// See [Toil].
  final class Actor implements Toil {
    @Override
    public void nothing() {}

    @Override
    public void sleep() {
      try {
        Thread.sleep(5);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }

    @Override
    public double compute() {
      double sum = 0;
      for (int i = 1; i < 1_000_000; i++) {
        sum += 1.0 / i;
      }
      return sum;
    }
  }
}
