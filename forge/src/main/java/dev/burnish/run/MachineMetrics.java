package dev.burnish.run;

import static dev.burnish.metrics.Reduce.LAST;

import dev.burnish.host.ResidentMemory;
import dev.burnish.kernel.Calibration;
import dev.burnish.metrics.Recorder;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.IntToDoubleFunction;
import java.util.function.LongSupplier;

/// The numbers of a step that depend on the machine: the share of its speed that training reached,
/// memory, and the remaining time. Threading: safe for all threads.
public final class MachineMetrics {
  private static final long AGAIN_NANOS = 30_000_000_000L;
  private static final int FIRST_RUNS = 12;
  private static final int MORE_RUNS = 3;

  /// The number of latest steps whose speed gives the estimate of the remaining time.
  private static final int RECENT = 20;

  /// The end of a step.
  private record End(long step, long nanos) {}

  private final IntToDoubleFunction product;
  private final LongSupplier clock;
  private final Deque<End> recent = new ArrayDeque<>();
  private double sgemm;
  private long measured;
  private double speed;

  public MachineMetrics() {
    this(Calibration::sgemmGflops, System::nanoTime);
  }

  /// @param product measures the matrix product in GFLOP/s, the best of the given number of runs
  /// @param clock in nanoseconds
  MachineMetrics(IntToDoubleFunction product, LongSupplier clock) {
    this.product = product;
    this.clock = clock;
  }

  /// The measured matrix product of this machine in GFLOP/s: the best so far. It is measured again
  /// every 30 s at most, since the machine may have been busy the first time.
  public synchronized double sgemmGflops() {
    long now = clock.getAsLong();
    if (sgemm == 0 || now - measured > AGAIN_NANOS) {
      sgemm = Math.max(sgemm, product.applyAsDouble(sgemm == 0 ? FIRST_RUNS : MORE_RUNS));
      measured = now;
    }
    return sgemm;
  }

  /// Takes the arithmetic of the present step; the last call of a step counts.
  ///
  /// @param flops floating-point operations
  /// @param seconds that it took
  public synchronized void computed(double flops, double seconds) {
    speed = flops / seconds / 1e9;
  }

  /// Records the numbers of a step at its end. Measures the matrix product when that is due, which
  /// takes some tenths of a second.
  public synchronized void endStep(long step, long total, Recorder to) {
    if (speed > 0) {
      to.time("mfu", speed / sgemmGflops(), LAST);
      speed = 0;
    }
    ResidentMemory.now().ifPresent(bytes -> to.time("memoryGb", bytes / 1e9, LAST));
    ResidentMemory.peak().ifPresent(bytes -> to.time("peakMemoryGb", bytes / 1e9, LAST));
    End end = new End(step, clock.getAsLong());
    if (!recent.isEmpty()) {
      End first = recent.getFirst();
      double each = (end.nanos() - first.nanos()) / 1e9 / (step - first.step());
      to.time("secondsLeft", each * Math.max(0, total - step), LAST);
    }
    recent.addLast(end);
    if (recent.size() > RECENT) {
      recent.removeFirst();
    }
  }
}
