package dev.burnish.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

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
    MachineMetrics watch = new MachineMetrics(_ -> speeds.removeFirst(), () -> now);
    assertThat(watch.sgemmGflops()).isEqualTo(40);
    now += 20 * SECOND;
    assertThat(watch.sgemmGflops()).isEqualTo(40);
    now += 20 * SECOND;
    assertThat(watch.sgemmGflops()).isEqualTo(90);
    now += 31 * SECOND;
    assertThat(watch.sgemmGflops()).isEqualTo(90);
    assertThat(speeds).isEmpty();
  }

  @Test
  void theTimeLeftGoesByTheLatestSteps() {
    MachineMetrics watch = new MachineMetrics(_ -> 1, () -> now);
    Map<String, Double> times = new HashMap<>();
    watch.times(1, 100, times::put);
    assertThat(times).doesNotContainKey("secondsLeft");
    for (int step = 2; step <= 30; step++) {
      now += 10 * SECOND;
      watch.times(step, 100, times::put);
    }
    assertThat(times.get("secondsLeft")).isCloseTo(700, within(1e-6));
    for (int step = 31; step <= 60; step++) {
      now += 2 * SECOND;
      watch.times(step, 100, times::put);
    }
    assertThat(times.get("secondsLeft")).isCloseTo(80, within(1e-6));
    now += 3 * SECOND;
    watch.times(100, 100, times::put);
    assertThat(times.get("secondsLeft")).isZero();
  }
}
