package dev.burnish.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.burnish.metrics.Recorder;
import dev.burnish.metrics.Reduce;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class MachineMetricsTest {
  private static final long SECOND = 1_000_000_000L;

  private long now = 5 * SECOND;

  @Test
  void theProductIsTheBestOfThoseMeasuredNowAndThen() {
    List<Double> speeds = new ArrayList<>(List.of(40.0, 90.0, 60.0));
    MachineMetrics machine = new MachineMetrics(_ -> speeds.removeFirst(), () -> now);
    assertThat(machine.sgemmGflops()).isEqualTo(40);
    now += 20 * SECOND;
    assertThat(machine.sgemmGflops()).isEqualTo(40);
    now += 20 * SECOND;
    assertThat(machine.sgemmGflops()).isEqualTo(90);
    now += 31 * SECOND;
    assertThat(machine.sgemmGflops()).isEqualTo(90);
    assertThat(speeds).isEmpty();
  }

  @Test
  void theTimeLeftGoesByTheLatestSteps() {
    MachineMetrics machine = new MachineMetrics(_ -> 1, () -> now);
    Map<String, Double> times = new HashMap<>();
    Recorder to = recorder(times);
    machine.endStep(1, 100, to);
    assertThat(times).doesNotContainKey("secondsLeft");
    for (int step = 2; step <= 30; step++) {
      now += 10 * SECOND;
      machine.endStep(step, 100, to);
    }
    assertThat(times.get("secondsLeft")).isCloseTo(700, within(1e-6));
    for (int step = 31; step <= 60; step++) {
      now += 2 * SECOND;
      machine.endStep(step, 100, to);
    }
    assertThat(times.get("secondsLeft")).isCloseTo(80, within(1e-6));
    now += 3 * SECOND;
    machine.endStep(100, 100, to);
    assertThat(times.get("secondsLeft")).isZero();
  }

  @Test
  void theShareOfTheMachineIsThatOfTheLastArithmeticOfTheStep() {
    MachineMetrics machine = new MachineMetrics(_ -> 50, () -> now);
    Map<String, Double> times = new HashMap<>();
    machine.endStep(1, 100, recorder(times));
    assertThat(times).doesNotContainKey("mfu");
    machine.computed(1e9, 1);
    machine.computed(20e9, 2);
    machine.endStep(2, 100, recorder(times));
    assertThat(times.remove("mfu")).isCloseTo(0.2, within(1e-9));
    machine.endStep(3, 100, recorder(times));
    assertThat(times).doesNotContainKey("mfu");
  }

  private static Recorder recorder(Map<String, Double> times) {
    return new Recorder() {
      @Override
      public void record(String key, double value, Reduce reduce) {
        throw new AssertionError("a machine's number depends on the machine: key=" + key);
      }

      @Override
      public void time(String key, double value, Reduce reduce) {
        times.put(key, value);
      }
    };
  }
}
