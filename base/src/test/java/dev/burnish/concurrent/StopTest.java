package dev.burnish.concurrent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.CountDownLatch;
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
  void workThatIsNoStepEndsWhereALoopWasAskedTo() {
    Stop.check();
    try (Stop _ = Stop.listen()) {
      Stop.check();
      assertThat(Stop.wasHonoured()).isFalse();
      Stop.request();
      assertThatThrownBy(Stop::check).isInstanceOf(Stopped.class);
      assertThat(Stop.wasHonoured()).isTrue();
    }
    Stop.check();
  }

  @Test
  void workThatWaitsIsInterrupted() throws Exception {
    CountDownLatch waits = new CountDownLatch(1);
    CountDownLatch never = new CountDownLatch(1);
    CountDownLatch interrupted = new CountDownLatch(1);
    try (Stop _ = Stop.listen();
        Scope scope = Scope.open()) {
      scope.fork(
          "signal",
          () -> {
            waits.await();
            Stop.request();
          });
      assertThatThrownBy(() ->
              Stop.interruptibly(
                  "download",
                  () -> {
                    waits.countDown();
                    try {
                      never.await();
                      return "came";
                    } catch (InterruptedException e) {
                      interrupted.countDown();
                      throw new IllegalStateException("resumes when started again", e);
                    }
                  }))
          .isInstanceOf(Stopped.class);
    }
    assertThat(interrupted.getCount()).isZero();
  }

  @Test
  void workThatIsDoneGivesItsResultOrItsFailure() {
    assertThat(Stop.interruptibly("work", () -> 7)).isEqualTo(7);
    assertThatThrownBy(() ->
            Stop.interruptibly(
                "work",
                () -> {
                  throw new IllegalArgumentException("no such model");
                }))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("no such model");
  }

  @Test
  void nobodyListensAfterTheLoop() {
    Stop stop = Stop.listen();
    stop.close();
    stop.close();
    assertThat(Stop.request()).isFalse();
  }
}
