package dev.burnish;

import static dev.burnish.metrics.ConsoleSink.format;

import dev.burnish.kernel.Calibration;
import dev.burnish.train.Health.Alarm;
import dev.burnish.train.StepReport;
import dev.burnish.train.Trainer;
import dev.burnish.train.memory.ResidentMemory;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.ObjDoubleConsumer;

/// What a user watches beside the numbers that the seed determines: the share of the machine that
/// training uses, memory, and the time that is left.
final class Watch {
  private Optional<Trainer> trainer = Optional.empty();
  private OptionalDouble sgemm = OptionalDouble.empty();
  private long firstStep;
  private long firstNanos;

  void of(Trainer training) {
    trainer = Optional.of(training);
  }

  /// The measured matrix product of this machine in GFLOP/s, measured once.
  double sgemmGflops() {
    if (sgemm.isEmpty()) {
      sgemm = OptionalDouble.of(Calibration.sgemmGflops());
    }
    return sgemm.getAsDouble();
  }

  /// The share of the matrix product's speed that a step reached.
  void step(StepReport report, ObjDoubleConsumer<String> time) {
    trainer.ifPresent(of ->
        time.accept(
            "mfu",
            of.flops(report.tokens(), report.targets()) / report.seconds() / 1e9 / sgemmGflops()));
  }

  /// What depends on the moment at which a step ends.
  void times(long step, long total, ObjDoubleConsumer<String> time) {
    ResidentMemory.now().ifPresent(bytes -> time.accept("memoryGb", bytes / 1e9));
    ResidentMemory.peak().ifPresent(bytes -> time.accept("peakMemoryGb", bytes / 1e9));
    if (firstNanos == 0) {
      firstStep = step;
      firstNanos = System.nanoTime();
    } else {
      double each = (System.nanoTime() - firstNanos) / 1e9 / (step - firstStep);
      time.accept("secondsLeft", each * Math.max(0, total - step));
    }
  }

  /// How many alarms there were and how many updates were skipped, once there are some.
  void alarms(ObjDoubleConsumer<String> record) {
    trainer
        .map(Trainer::health)
        .filter(health -> health.alarms() > 0)
        .ifPresent(health -> {
          record.accept("alarms", health.alarms());
          record.accept("skippedUpdates", health.skipped());
        });
  }

  /// An alarm as a line.
  static String words(Alarm alarm) {
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
