package dev.burnish.bench.soak;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class TrendTest {
  private static Trend of(java.util.function.IntToDoubleFunction value) {
    List<Double> values = IntStream.range(0, 20).mapToDouble(value).boxed().toList();
    return new Trend("heap", 5, values);
  }

  @Test
  void whatGrowsAtEachLookIsSeen() {
    assertThat(of(i -> 10 + i).growth())
        .hasValueSatisfying(text -> assertThat(text).startsWith("heap by 13 from 16"));
    Random random = new Random(7);
    assertThat(of(i -> 100 + 10 * i + 20 * random.nextDouble()).growth()).isPresent();
  }

  @Test
  void aWarmUpNoiseAndOneHighLookAreNoTrend() {
    Random random = new Random(7);
    assertThat(of(i -> i < 5 ? 10 * i : 50).growth()).isEmpty();
    assertThat(of(i -> 100 + 40 * random.nextDouble()).growth()).isEmpty();
    assertThat(of(i -> i == 19 ? 1000 : 10).growth()).isEmpty();
    assertThat(of(i -> 1000 + i).growth()).as("less than a quarter").isEmpty();
  }

  @Test
  void fewLooksSayNothing() {
    assertThat(new Trend("heap", 0, List.of(1.0, 100.0, 200.0, 300.0)).growth()).isEmpty();
  }
}
