package dev.burnish.launch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.burnish.concurrent.Alarm;
import dev.burnish.launch.LogLine.Source;
import dev.burnish.link.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class LineFolderTest {
  private final List<String> out = new ArrayList<>();
  private final List<Runnable> later = new ArrayList<>();
  private final LineFolder folder =
      new LineFolder(new HeldClock(later), Duration.ofSeconds(3), out::add);

  /// Time stands still; the test runs actions that are due later.
  private record HeldClock(List<Runnable> later) implements Clock {
    @Override
    public long nanos() {
      return 0;
    }

    @Override
    public Alarm at(long nanos, Runnable action) {
      later.add(action);
      return () -> later.remove(action);
    }
  }

  private void print(String process, String text) {
    folder.accept(new LogLine(process, Source.OUT, text));
  }

  @Test
  void linesHaveThePrefixOfTheirProcess() {
    print("trainers/1", "loss down");
    assertThat(out).containsExactly("[trainers/1] loss down");
  }

  @Test
  void linesThatDifferInNumbersAreFolded() {
    for (int i = 0; i < 4; i++) {
      print("trainers/" + i, "step 7 took 0." + i + " s");
    }
    print("trainers/0", "something else");
    assertThat(out)
        .containsExactly("[trainers/0] step 7 took 0.0 s", "[trainers/0] something else");
    later.forEach(Runnable::run);
    assertThat(out.getLast()).isEqualTo("[trainers/3] step 7 took 0.3 s [and 2 similar lines]");
    assertThat(out).hasSize(3);
  }

  @Test
  void aSecondLineIsPrintedAsItIs() {
    print("a/0", "x 1");
    print("a/1", "x 2");
    folder.flush();
    assertThat(out).containsExactly("[a/0] x 1", "[a/1] x 2");
  }

  @Test
  void afterTheWindowALineIsPrintedAtOnceAgain() {
    print("a/0", "x 1");
    later.forEach(Runnable::run);
    print("a/0", "x 2");
    assertThat(out).containsExactly("[a/0] x 1", "[a/0] x 2");
  }

  @Test
  void whatWouldActOnATerminalIsHarmless() {
    print("a/0", "x\u001b[2J\u009by\u202e");
    assertThat(out).containsExactly("[a/0] x�[2J�y�");
  }

  @Test
  void whatIsWatchedForSimilarLinesIsBounded() {
    for (int i = 0; i < 3000; i++) {
      print("a/0", "x".repeat(i));
    }
    assertThat(out).hasSize(3000);
    assertThat(later).hasSize(1000);
    print("a/0", "x".repeat(2999));
    assertThat(out).hasSize(3001);
  }

  /// The thread that prints may block for good: the clock does not.
  @Test
  @Timeout(60)
  void theClockDoesNotWaitForWhatPrints() throws Exception {
    CountDownLatch stands = new CountDownLatch(1);
    CountDownLatch goesOn = new CountDownLatch(1);
    Consumer<String> slow =
        line -> {
          if (!Thread.currentThread().getName().equals("feeder")) {
            stands.countDown();
            try {
              goesOn.await();
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            }
          }
        };
    LineFolder standing = new LineFolder(Clock.system(), Duration.ofMillis(1), slow);
    Thread feeder =
        Thread.ofPlatform()
            .daemon()
            .name("feeder")
            .start(() -> {
              while (stands.getCount() > 0) {
                standing.accept(new LogLine("a/0", Source.OUT, "x 1"));
              }
            });
    stands.await();
    CountDownLatch ticked = new CountDownLatch(1);
    Clock.system().after(Duration.ZERO, ticked::countDown);
    ticked.await();
    goesOn.countDown();
    feeder.join();
  }
}
