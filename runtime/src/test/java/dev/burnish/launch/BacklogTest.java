package dev.burnish.launch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.burnish.actor.QuietLog;
import dev.burnish.launch.LogLine.Source;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/// Lines that are printed while nobody takes them.
@Timeout(60)
@ExtendWith(QuietLog.class)
class BacklogTest {
  private final List<String> taken = new ArrayList<>();
  private final CountDownLatch stands = new CountDownLatch(1);
  private final CountDownLatch goesOn = new CountDownLatch(1);

  /// Blocks at its first line.
  private void take(LogLine line) {
    stands.countDown();
    await(goesOn);
    taken.add(line.text());
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static LogLine line(String process, String text) {
    return new LogLine(process, Source.OUT, text);
  }

  @Test
  void linesComeInTheirOrderAndTheSinkIsFlushedAtTheEnd() {
    LogSink sink =
        new LogSink() {
          @Override
          public void accept(LogLine line) {
            taken.add(line.process() + " " + line.text());
          }

          @Override
          public void flush() {
            taken.add("flushed");
          }
        };
    try (Backlog backlog = new Backlog(sink)) {
      for (int i = 0; i < 4; i++) {
        backlog.accept(line("a/" + i % 2, "line " + i));
      }
    }
    assertThat(taken)
        .containsExactly("a/0 line 0", "a/1 line 1", "a/0 line 2", "a/1 line 3", "flushed");
  }

  @Test
  void whereThereIsNoRoomTheOldestGoOfWhoeverPrintsMostAndAreCounted() {
    Backlog backlog = new Backlog(this::take, 20_000);
    backlog.accept(line("loud", "first"));
    await(stands);
    backlog.accept(line("quiet", "what happened"));
    for (int i = 0; i < 100_000; i++) {
      backlog.accept(line("loud", "line " + i));
    }
    goesOn.countDown();
    backlog.close();
    assertThat(taken).hasSizeBetween(100, 210).startsWith("first", "what happened");
    assertThat(taken.getLast()).isEqualTo("line 99999");
    int left = taken.size() - 3;
    assertThat(taken.get(2))
        .isEqualTo(
            "%d lines of loud were left out: output is taken too slowly".formatted(100_000 - left));
    assertThat(taken.get(3)).isEqualTo("line " + (100_000 - left));
  }

  @Test
  void aLineThatIsLeftOutIsToldOfEvenIfNothingElseComes() {
    Backlog backlog = new Backlog(this::take, 150);
    backlog.accept(line("a", "first"));
    await(stands);
    backlog.accept(line("a", "x".repeat(100)));
    goesOn.countDown();
    backlog.close();
    assertThat(taken)
        .containsExactly("first", "1 lines of a were left out: output is taken too slowly");
  }

  @Test
  void aSinkThatThrowsLosesTheLineAlone() {
    try (Backlog backlog =
        new Backlog(line -> {
          if (line.text().equals("bad")) {
            throw new StackOverflowError("of a test");
          }
          taken.add(line.text());
        })) {
      for (String text : List.of("one", "bad", "two", "bad", "three")) {
        backlog.accept(line("a", text));
      }
    }
    assertThat(taken).containsExactly("one", "two", "three");
  }

  @Test
  void closingDoesNotWaitForASinkThatStandsStill() throws Exception {
    Backlog backlog = new Backlog(this::take);
    backlog.accept(line("a", "first"));
    Thread closing = Thread.ofPlatform().daemon().start(backlog::close);
    assertThat(closing.join(java.time.Duration.ofSeconds(30))).isTrue();
    goesOn.countDown();
    assertThat(stands.await(0, TimeUnit.SECONDS)).isTrue();
  }
}
