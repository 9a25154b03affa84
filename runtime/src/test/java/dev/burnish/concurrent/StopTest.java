package dev.burnish.concurrent;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class StopTest {
  @AfterEach
  void forget() {
    Stop.forget();
  }

  @Test
  void nobodyListensBeforeALoopRuns() {
    assertThat(Stop.request()).isFalse();
    assertThat(Stop.wasRequested()).isFalse();
  }

  @Test
  void aListeningLoopIsAskedOnce() {
    try (Stop stop = Stop.listen()) {
      assertThat(stop.requested()).isFalse();
      assertThat(Stop.request()).as("the first time a loop answers").isTrue();
      assertThat(stop.requested()).isTrue();
      assertThat(Stop.request()).as("the second time the process must end").isFalse();
    }
  }

  @Test
  void nobodyListensAfterTheLoop() {
    Stop stop = Stop.listen();
    stop.close();
    stop.close();
    assertThat(Stop.request()).isFalse();
  }
}
