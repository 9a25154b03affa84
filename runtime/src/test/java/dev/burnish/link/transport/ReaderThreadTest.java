package dev.burnish.link.transport;

import static org.assertj.core.api.Assertions.assertThat;

import dev.burnish.concurrent.Waits;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class ReaderThreadTest {
  private final AtomicInteger numSuccessors = new AtomicInteger();
  private final List<Runnable> looks = new ArrayList<>();

  /// Runs an action as a thread that reads.
  private void read(Consumer<ReaderThread> reading) throws InterruptedException {
    CompletableFuture<Boolean> done = new CompletableFuture<>();
    new ReaderThread(
            "test",
            new ReaderThread.Reading() {
              @Override
              public void read(ReaderThread thread) {
                try {
                  reading.accept(thread);
                  done.complete(true);
                } catch (RuntimeException | Error e) {
                  done.completeExceptionally(e);
                }
              }

              @Override
              public void goOn() {
                numSuccessors.incrementAndGet();
              }
            })
        .start();
    try {
      assertThat(done.get()).isTrue();
    } catch (ExecutionException e) {
      throw new AssertionError(e.getCause());
    }
  }

  private void later(long nanos, Runnable action) {
    assertThat(nanos).isPositive();
    looks.add(action);
  }

  private static void takeLong() {
    long end = System.nanoTime() + 20_000_000;
    while (System.nanoTime() < end) {
      Thread.onSpinWait();
    }
  }

  @Test
  void whoWaitsHasAnotherGoOn() throws Exception {
    read(thread -> {
      thread.giving(false);
      assertThat(thread.isFree()).isTrue();
      thread.work(
          () -> {
            assertThat(thread.isFree()).isFalse();
            Waits.announce();
            Waits.announce();
            assertThat(thread.hasLeft()).isTrue();
          },
          this::later);
      assertThat(thread.hasLeft()).isTrue();
      assertThat(thread.isFree()).isFalse();
    });
    assertThat(numSuccessors).hasValue(1);
  }

  @Test
  void whoTakesLongHasAnotherGoOn() throws Exception {
    read(thread ->
        thread.work(
            () -> {
              takeLong();
              looks.removeLast().run();
              assertThat(thread.hasLeft()).isTrue();
            },
            this::later));
    assertThat(numSuccessors).hasValue(1);
  }

  @Test
  void whoIsDoneInTimeReadsOn() throws Exception {
    read(thread -> {
      thread.work(() -> {}, this::later);
      assertThat(looks).hasSize(1);
      takeLong();
      looks.removeLast().run();
      assertThat(thread.hasLeft()).isFalse();
      assertThat(looks).hasSize(1); // It has worked since: it is checked again.
      looks.removeLast().run();
      assertThat(looks).isEmpty();
      thread.work(() -> {}, this::later);
      assertThat(looks).hasSize(1);
      Waits.announce(); // It does not work.
      assertThat(thread.hasLeft()).isFalse();
    });
    assertThat(numSuccessors).hasValue(0);
  }

  @Test
  void whatHasComeBesidesKeepsItFromWorking() throws Exception {
    read(thread -> {
      thread.giving(true);
      assertThat(thread.isFree()).isFalse();
    });
  }
}
