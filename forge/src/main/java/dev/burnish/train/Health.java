package dev.burnish.train;

import static dev.burnish.metrics.ConsoleSink.format;
import static dev.burnish.metrics.Reduce.SUM;

import dev.burnish.metrics.Recordable;
import dev.burnish.metrics.RunRecorder;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;

/// Watches loss and gradient norm: alarms where one jumps, and skipped steps, both counted.
///
/// A jump is measured from the median of the last steps, which a single jump does not move. There
/// is no alarm before half a window is known.
public final class Health implements Recordable {
  /// An anomaly of a step that was nevertheless completed.
  public sealed interface Alarm {
    long step();

    /// The alarm as a line for the user.
    String words();

    record LossSpike(long step, double loss, double median) implements Alarm {
      @Override
      public String words() {
        return "alarm: loss=%s at step %d, where %s was usual"
            .formatted(format(loss), step, format(median));
      }
    }

    record NormSpike(long step, double gradientNorm, double median) implements Alarm {
      @Override
      public String words() {
        return "alarm: gradNorm=%s at step %d, where %s was usual"
            .formatted(format(gradientNorm), step, format(median));
      }
    }

    /// The update of a step that was not finite was skipped.
    record Skipped(long step, TrainingDiverged cause) implements Alarm {
      @Override
      public String words() {
        return "alarm: the update of step %d was skipped: %s".formatted(step, cause.getMessage());
      }
    }

    /// An alarm of a trainer in another process.
    record Reported(long step, String words) implements Alarm {}
  }

  private final HealthConfig config;
  private final ArrayDeque<Double> losses = new ArrayDeque<>();
  private final ArrayDeque<Double> norms = new ArrayDeque<>();
  private Consumer<Alarm> listener = _ -> {};
  private final List<Alarm> raised = new ArrayList<>();
  private Supplier<String> checkpoint = () -> "";
  private long alarms;
  private long skipped;
  private int skippedInARow;

  Health(HealthConfig config) {
    this.config = config;
  }

  /// Told of each alarm, on the thread of the step.
  public void onAlarm(Consumer<Alarm> newListener) {
    listener = newListener;
  }

  /// Sets where the last good checkpoint is, to be named where training stops; empty for none.
  public void checkpointIn(Supplier<String> place) {
    checkpoint = place;
  }

  /// Records how many alarms there were and how many updates were skipped, once there are some.
  @Override
  public void recordTo(RunRecorder run) {
    if (alarms > 0) {
      // Those of all trainers of a step add up.
      run.record("alarms", alarms, SUM);
      run.record("skippedUpdates", skipped, SUM);
    }
  }

  /// Alarms so far, skipped steps included.
  public long alarms() {
    return alarms;
  }

  /// Steps whose update was skipped.
  public long skipped() {
    return skipped;
  }

  /// A step that was not finite.
  ///
  /// @throws TrainingDiverged the failure, where steps are not skipped, or too many were in a row
  void bad(TrainingDiverged failure) {
    raised.clear();
    if (!config.skipBad() || failure.where().updated() || ++skippedInARow > config.mostSkips()) {
      throw named(failure);
    }
    skipped++;
    alarm(new Alarm.Skipped(failure.where().step(), failure));
  }

  /// The failure, with the checkpoint to resume from: for one of a trainer in another process.
  public TrainingDiverged named(TrainingDiverged failure) {
    return failure.withCheckpoint(checkpoint.get());
  }

  /// A step that was done.
  void good(long step, double loss, double norm) {
    raised.clear();
    skippedInARow = 0;
    if (losses.size() >= config.window() / 2) {
      double median = median(losses);
      double deviation = deviation(losses, median);
      if (config.lossSpike() > 0 && loss > median + config.lossSpike() * deviation) {
        alarm(new Alarm.LossSpike(step, loss, median));
      }
      double usual = median(norms);
      if (config.normSpike() > 0 && norm > usual * config.normSpike()) {
        alarm(new Alarm.NormSpike(step, norm, usual));
      }
    }
    remember(losses, loss);
    remember(norms, norm);
  }

  /// The alarms of the last step.
  List<Alarm> raised() {
    return raised;
  }

  /// Takes over what a trainer in another process has counted, and tells its alarms.
  void follow(State state, List<Alarm> told) {
    resume(state);
    told.forEach(listener);
  }

  /// The statistics of earlier steps, so that a resumed run raises the same alarms as one that was
  /// not stopped.
  record State(
      List<Double> losses, List<Double> norms, long alarms, long skipped, int skippedInARow) {}

  State state() {
    return new State(List.copyOf(losses), List.copyOf(norms), alarms, skipped, skippedInARow);
  }

  void resume(State state) {
    losses.clear();
    losses.addAll(state.losses());
    norms.clear();
    norms.addAll(state.norms());
    alarms = state.alarms();
    skipped = state.skipped();
    skippedInARow = state.skippedInARow();
  }

  private void alarm(Alarm alarm) {
    alarms++;
    raised.add(alarm);
    listener.accept(alarm);
  }

  private void remember(ArrayDeque<Double> values, double value) {
    values.addLast(value);
    if (values.size() > config.window()) {
      values.removeFirst();
    }
  }

  private static double median(ArrayDeque<Double> values) {
    double[] sorted = values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }

  /// Median distance from the median, plus a little for when all values are nearly the same.
  private static double deviation(ArrayDeque<Double> values, double median) {
    double[] distances =
        values.stream().mapToDouble(value -> Math.abs(value - median)).sorted().toArray();
    return Math.max(distances[distances.length / 2], 1e-3 * Math.max(1, Math.abs(median)));
  }
}
