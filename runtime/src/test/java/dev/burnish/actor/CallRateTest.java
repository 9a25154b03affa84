package dev.burnish.actor;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class CallRateTest {
  private static final long SECOND = 1_000_000_000L;
  private static final long BEGAN = -7 * SECOND;

  private final CallRate rate = new CallRate(BEGAN);

  private void calls(int second, int count) {
    for (int i = 0; i < count; i++) {
      rate.add(BEGAN + second * SECOND + i);
    }
  }

  private double at(double second) {
    return rate.perSecond(BEGAN + (long) (second * SECOND));
  }

  @Test
  void theFirstSecondCountsAsFarAsItWent() {
    calls(0, 10);
    assertThat(at(0.5)).isEqualTo(20);
    assertThat(at(1)).isEqualTo(10);
  }

  @Test
  void onlyTheLastTenWholeSecondsCount() {
    calls(0, 1000);
    calls(5, 50);
    calls(12, 30);
    assertThat(at(6)).isEqualTo(175);
    assertThat(at(12.9)).isEqualTo(5);
    assertThat(at(13)).isEqualTo(8);
    assertThat(at(23)).isZero();
    assertThat(at(1000)).isZero();
  }

  @Test
  void aSlotIsUsedAgainWithoutWhatItHeld() {
    calls(3, 100);
    calls(19, 7);
    assertThat(at(20)).isEqualTo(0.7);
  }

  @Test
  void noCallIsLostBetweenThreads() throws Exception {
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      threads.add(Thread.ofPlatform().start(() -> calls(4, 50_000)));
    }
    for (Thread thread : threads) {
      thread.join();
    }
    assertThat(at(5)).isEqualTo(8 * 50_000 / 5.0);
  }
}
