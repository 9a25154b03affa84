package dev.burnish.bench.loop;

import dev.burnish.rl.loop.RolloutFunction;
import dev.burnish.rl.loop.Slot;
import dev.burnish.rollout.ScoredGroup;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.DoubleAdder;

/// A generator and a trainer that compute on all cores of the machine, as many threads each as
/// there are cores.
final class ComputingParts implements RolloutFunction, AutoCloseable {
  private static final int CORES = Runtime.getRuntime().availableProcessors();

  private final int rounds;
  private final ExecutorService generator = Executors.newFixedThreadPool(CORES);
  private final ExecutorService trainer = Executors.newFixedThreadPool(CORES);
  private final DoubleAdder sum = new DoubleAdder();

  /// @param rounds of arithmetic per thread and step; a group takes a quarter of that
  ComputingParts(int rounds) {
    this.rounds = rounds;
  }

  @Override
  public ScoredGroup make(Slot slot) throws InterruptedException {
    compute(generator, rounds / 4);
    return WaitingParts.group(slot);
  }

  /// One step.
  void train() throws InterruptedException {
    compute(trainer, rounds);
  }

  private void compute(ExecutorService threads, int each) throws InterruptedException {
    List<Future<?>> parts = new ArrayList<>();
    for (int i = 0; i < CORES; i++) {
      parts.add(threads.submit(() -> spin(each)));
    }
    for (Future<?> part : parts) {
      try {
        part.get();
      } catch (ExecutionException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  private void spin(int times) {
    double x = 1;
    for (int i = 0; i < times; i++) {
      x = Math.sqrt(x + i);
    }
    sum.add(x);
  }

  @Override
  public void close() {
    generator.shutdownNow();
    trainer.shutdownNow();
  }
}
