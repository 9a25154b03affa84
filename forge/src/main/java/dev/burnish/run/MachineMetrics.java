package dev.burnish.run;

import static dev.burnish.metrics.ConsoleSink.format;

import dev.burnish.host.ResidentMemory;
import dev.burnish.kernel.Calibration;
import dev.burnish.train.Health.Alarm;
import dev.burnish.train.LocalTrainer;
import dev.burnish.train.StepReport;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.function.IntToDoubleFunction;
import java.util.function.LongSupplier;
import java.util.function.ObjDoubleConsumer;

/// What a user watches beside the numbers that the seed determines: the share of the machine that
/// training uses, memory, and the time that is left.
public final class MachineMetrics {
  private static final long AGAIN_NANOS = 30_000_000_000L;
  private static final int FIRST_RUNS = 12;
  private static final int MORE_RUNS = 3;

  /// Steps by whose speed the rest is foretold.
  private static final int RECENT = 20;

  /// The end of a step.
  private record End(long step, long nanos) {}

  private final IntToDoubleFunction product;
  private final LongSupplier clock;
  private final Deque<End> recent = new ArrayDeque<>();
  private Optional<LocalTrainer> trainer = Optional.empty();
  private double sgemm;
  private long measured;

  public MachineMetrics() {
    this(Calibration::sgemmGflops, System::nanoTime);
  }

  /// @param product measures the matrix product in GFLOP/s, the best of that many runs
  /// @param clock in nanoseconds
  MachineMetrics(IntToDoubleFunction product, LongSupplier clock) {
    this.product = product;
    this.clock = clock;
  }

  public void of(LocalTrainer training) {
    trainer = Optional.of(training);
  }

  /// The measured matrix product of this machine in GFLOP/s: the best so far. It is measured again
  /// now and then, since the machine may have been busy the first time.
  public double sgemmGflops() {
    long now = clock.getAsLong();
    if (sgemm == 0 || now - measured > AGAIN_NANOS) {
      sgemm = Math.max(sgemm, product.applyAsDouble(sgemm == 0 ? FIRST_RUNS : MORE_RUNS));
      measured = now;
    }
    return sgemm;
  }

  /// The share of the matrix product's speed that a step reached.
  public void step(StepReport report, ObjDoubleConsumer<String> time) {
    trainer.ifPresent(of ->
        time.accept(
            "mfu",
            of.flops(report.tokens(), report.targets()) / report.seconds() / 1e9 / sgemmGflops()));
  }

  /// What depends on the moment at which a step ends.
  public void times(long step, long total, ObjDoubleConsumer<String> time) {
    ResidentMemory.now().ifPresent(bytes -> time.accept("memoryGb", bytes / 1e9));
    ResidentMemory.peak().ifPresent(bytes -> time.accept("peakMemoryGb", bytes / 1e9));
    End end = new End(step, clock.getAsLong());
    if (!recent.isEmpty()) {
      End first = recent.getFirst();
      double each = (end.nanos() - first.nanos()) / 1e9 / (step - first.step());
      time.accept("secondsLeft", each * Math.max(0, total - step));
    }
    recent.addLast(end);
    if (recent.size() > RECENT) {
      recent.removeFirst();
    }
  }

  /// How many alarms there were and how many updates were skipped, once there are some.
  public void alarms(ObjDoubleConsumer<String> record) {
    trainer
        .map(LocalTrainer::health)
        .filter(health -> health.alarms() > 0)
        .ifPresent(health -> {
          record.accept("alarms", health.alarms());
          record.accept("skippedUpdates", health.skipped());
        });
  }

  /// An alarm as a line.
  public static String words(Alarm alarm) {
    return switch (alarm) {
      case Alarm.LossSpike a ->
          "alarm: loss=%s at step %d, where %s was usual"
              .formatted(format(a.loss()), a.step(), format(a.median()));
      case Alarm.NormSpike a ->
          "alarm: gradNorm=%s at step %d, where %s was usual"
              .formatted(format(a.gradientNorm()), a.step(), format(a.median()));
      case Alarm.Skipped a ->
          "alarm: the update of step %d was skipped: %s"
              .formatted(a.step(), a.cause().getMessage());
    };
  }
}
