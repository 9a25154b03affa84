package dev.burnish.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.concurrent.Scope;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MetricsTest {
  @ParameterizedTest
  @CsvSource({
    "MEAN, 3.0",
    "SUM, 12.0",
    "MIN, 1.0",
    "MAX, 6.0",
    "LAST, 1.0",
    "STD, 1.8708286933869707"
  })
  void reducesTheValuesOfAStep(Reduce reduce, double expected) {
    Metrics metrics = new Metrics();
    for (double value : new double[] {2, 6, 3, 1}) {
      metrics.record("key", value, reduce);
    }
    assertThat(metrics.flush(1).values()).containsExactly(Map.entry("key", expected));
  }

  @Test
  void oneValueHasNoDeviation() {
    Metrics metrics = new Metrics();
    metrics.record("key", 5, Reduce.STD);
    assertThat(metrics.flush(1).values()).containsEntry("key", 0.0);
  }

  @Test
  void aNanIsSeenInEveryReduction() {
    for (Reduce reduce : List.of(Reduce.MEAN, Reduce.SUM, Reduce.MIN, Reduce.MAX, Reduce.STD)) {
      assertThat(reduce.apply(1, Double.NaN, 2)).as(reduce.name()).isNaN();
    }
  }

  @Test
  void startsAnewAfterAFlush() {
    Metrics metrics = new Metrics();
    metrics.record("a", 1);
    metrics.flush(1);
    metrics.record("b", 2);
    assertThat(metrics.flush(2))
        .isEqualTo(
            new StepMetrics(
                2, new java.util.TreeMap<>(Map.of("b", 2.0)), new java.util.TreeMap<>()));
  }

  @Test
  void theOrderOfRecordingDoesNotChangeTheLastBit() {
    List<Double> values = new ArrayList<>(new Random(1).doubles(1000).boxed().toList());
    double first = Reduce.MEAN.apply(values.stream().mapToDouble(v -> v).toArray());
    for (int seed = 0; seed < 20; seed++) {
      Collections.shuffle(values, new Random(seed));
      double[] shuffled = values.stream().mapToDouble(v -> v).toArray();
      assertThat(Reduce.MEAN.apply(shuffled)).as("seed %d", seed).isEqualTo(first);
    }
  }

  @Test
  void losesNothingBetweenThreads() {
    Metrics metrics = new Metrics();
    Scope.map(
        IntStream.range(0, 8).boxed().toList(),
        i -> {
          for (int j = 0; j < 1000; j++) {
            metrics.record("sum", 1, Reduce.SUM);
          }
          return i;
        });
    assertThat(metrics.flush(1).values()).containsEntry("sum", 8000.0);
  }

  @Test
  void numbersOfALaterStepWaitForIt() {
    Metrics metrics = new Metrics();
    metrics.at(2).record("reward", 4, Reduce.MEAN);
    metrics.at(2).time("seconds", 7, Reduce.LAST);
    metrics.record("reward", 2);
    assertThat(metrics.flush(1).values()).containsExactly(Map.entry("reward", 2.0));
    metrics.record("reward", 8);
    StepMetrics second = metrics.flush(2);
    assertThat(second.values()).containsExactly(Map.entry("reward", 6.0));
    assertThat(second.times()).containsExactly(Map.entry("seconds", 7.0));
    assertThat(metrics.flush(3).values()).isEmpty();
  }

  @Test
  void refusesANumberOfAStepThatIsWritten() {
    Metrics metrics = new Metrics();
    Recorder third = metrics.at(3);
    third.record("a", 1, Reduce.LAST);
    metrics.flush(3);
    assertThatThrownBy(() -> third.record("a", 2, Reduce.LAST))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("step=3, written=3");
    assertThatThrownBy(() -> metrics.at(2).time("a", 2, Reduce.LAST))
        .hasMessageContaining("step=2, written=3");
  }

  /// Each thread works a few steps ahead of the one that writes, as rollouts do.
  @Test
  void everyStepHasItsOwnNumbersWhicheverThreadIsAhead() {
    Metrics metrics = new Metrics();
    int ahead = 5;
    for (int step = 1; step <= 50; step++) {
      int present = step;
      Scope.map(
          IntStream.range(0, 8).boxed().toList(),
          thread -> {
            for (int i = 0; i < ahead; i++) {
              metrics.at(present + i).record("sum", present + i, Reduce.SUM);
            }
            return thread;
          });
      int recorded = Math.min(step, ahead);
      assertThat(metrics.flush(step).values()).containsEntry("sum", 8.0 * recorded * step);
    }
  }

  @Test
  void refusesASecondReductionOfAKey() {
    Metrics metrics = new Metrics();
    metrics.record("a", 1, Reduce.SUM);
    assertThatThrownBy(() -> metrics.record("a", 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("key=a, reduce=MEAN, before=SUM");
  }

  @Test
  void closesEverySinkEvenIfOneFails() {
    List<String> closed = new ArrayList<>();
    Metrics metrics =
        new Metrics(
            sink(() -> {
              throw new IllegalStateException("first");
            }),
            sink(() -> closed.add("second")));
    assertThatThrownBy(metrics::close).hasMessage("first");
    assertThat(closed).containsExactly("second");
  }

  @Test
  void printsTheChosenKeysInOrder() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);
    Metrics metrics =
        new Metrics(new ConsoleSink(out, List.of("rl/reward", "generate/tokensPerSecond", "no")));
    metrics.time("generate/tokensPerSecond", 1234.5, Reduce.LAST);
    metrics.record("rl/reward", 0.53125);
    metrics.record("loss", 1);
    metrics.flush(12);
    assertThat(bytes.toString(StandardCharsets.UTF_8).strip())
        .isEqualTo("step 12  reward 0.531  tokensPerSecond 1235");
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0",
    "1, 1",
    "0.53125, 0.531",
    "12.34, 12.3",
    "123.4, 123",
    "0.00001234, 1.2e-05",
    "-0.5, -0.500",
    "1e9, 1.0e+09",
    "NaN, NaN",
    "Infinity, Infinity"
  })
  void formatsForReading(double value, String text) {
    assertThat(ConsoleSink.format(value)).isEqualTo(text);
  }

  private static MetricSink sink(Runnable onClose) {
    return new MetricSink() {
      @Override
      public void write(StepMetrics metrics) {}

      @Override
      public void close() {
        onClose.run();
      }
    };
  }
}
