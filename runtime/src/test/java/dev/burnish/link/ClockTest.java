package dev.burnish.link;

import static org.assertj.core.api.Assertions.assertThat;

import dev.burnish.actor.QuietLog;
import dev.burnish.concurrent.Waits;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/// The clock, on which everything in a process depends.
@Timeout(60)
@ExtendWith(QuietLog.class)
class ClockTest {
  private final Clock clock = Clock.system();

  private <T> T told(java.util.function.Consumer<BlockingQueue<T>> ask) throws Exception {
    BlockingQueue<T> answer = new LinkedBlockingQueue<>();
    ask.accept(answer);
    return answer.take();
  }

  @Test
  void anActionThatThrowsEndsNothingElse() throws Exception {
    clock.after(
        Duration.ZERO,
        () -> {
          throw new StackOverflowError("of a test");
        });
    assertThat(this.<String>told(answer -> clock.after(Duration.ZERO, () -> answer.add("next"))))
        .isEqualTo("next");
  }

  @Test
  void whatMayWaitRunsElsewhere() throws Exception {
    CountDownLatch never = new CountDownLatch(1);
    clock.after(
        Duration.ZERO,
        () ->
            clock.apart(
                "waits",
                () -> {
                  try {
                    never.await();
                  } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                  }
                }));
    assertThat(this.<String>told(answer -> clock.after(Duration.ZERO, () -> answer.add("next"))))
        .isEqualTo("next");
    never.countDown();
  }

  /// All waits in a call, for a turn or for an element announce themselves first.
  @Test
  void whatWaitsOnItsThreadIsAnError() throws Exception {
    Throwable thrown =
        told(answer ->
            clock.after(
                Duration.ZERO,
                () -> {
                  try {
                    Waits.announce();
                  } catch (AssertionError e) {
                    answer.add(e);
                    return;
                  }
                  answer.add(new IllegalStateException("it may wait"));
                }));
    assertThat(thrown).isInstanceOf(AssertionError.class).hasMessageContaining("must not");
  }

  @Test
  void anActionThatHoldsUpTheOthersIsReported() throws Exception {
    Logger log = Logger.getLogger(Clock.class.getName());
    log.setLevel(java.util.logging.Level.WARNING);
    BlockingQueue<String> reports = new LinkedBlockingQueue<>();
    Handler handler =
        new Handler() {
          @Override
          public void publish(LogRecord logged) {
            // Those of other tests may still come.
            if (logged.getMessage().contains("held up everything else")) {
              reports.add(logged.getMessage());
            }
          }

          @Override
          public void flush() {}

          @Override
          public void close() {}
        };
    log.addHandler(handler);
    try {
      clock.after(
          Duration.ZERO,
          () -> {
            long end = System.nanoTime() + 1_100_000_000L;
            while (System.nanoTime() < end) {
              Thread.onSpinWait();
            }
          });
      assertThat(reports.take()).contains("ClockTest");
    } finally {
      log.removeHandler(handler);
      log.setLevel(null);
    }
  }
}
