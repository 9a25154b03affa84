package dev.burnish.bench.mesh;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/// Times of an operation that is repeated very often.
///
/// @param micros of each operation, sorted
record Samples(double[] micros) {
  /// Runs an operation `warmups` times and then `count` times.
  static Samples of(int warmups, int count, Runnable work) {
    for (int i = 0; i < warmups; i++) {
      work.run();
    }
    double[] micros = new double[count];
    for (int i = 0; i < count; i++) {
      long start = System.nanoTime();
      work.run();
      micros[i] = (System.nanoTime() - start) / 1e3;
    }
    Arrays.sort(micros);
    return new Samples(micros);
  }

  double quantile(double q) {
    return micros[(int) Math.min(micros.length - 1, Math.round(q * micros.length))];
  }

  /// Operations per second of several threads, each one after the other, in each of some runs.
  static List<Double> rates(int runs, int numThreads, int numEach, Runnable work) {
    List<Double> rates = new ArrayList<>();
    for (int run = 0; run < runs; run++) {
      AtomicLong numDone = new AtomicLong();
      long start = System.nanoTime();
      List<Thread> threads = new ArrayList<>();
      for (int i = 0; i < numThreads; i++) {
        threads.add(
            Thread.ofVirtual()
                .name("caller-" + i)
                .start(() -> {
                  for (int k = 0; k < numEach; k++) {
                    work.run();
                    numDone.incrementAndGet();
                  }
                }));
      }
      join(threads);
      rates.add(numDone.get() / ((System.nanoTime() - start) / 1e9));
    }
    return rates;
  }

  static void join(List<Thread> threads) {
    for (Thread thread : threads) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException("interrupted during a measurement", e);
      }
    }
  }
}
