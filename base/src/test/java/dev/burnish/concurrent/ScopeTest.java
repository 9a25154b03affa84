package dev.burnish.concurrent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class ScopeTest {
  private final CountDownLatch never = new CountDownLatch(1);

  @Test
  void returnsTheResultsOfForkedTasks() {
    try (Scope scope = Scope.open()) {
      Subtask<Integer> one = scope.fork("one", () -> 1);
      Subtask<String> name = scope.fork("rollout-3", () -> Thread.currentThread().getName());
      scope.join();
      assertThat(one.result()).isEqualTo(1);
      assertThat(name.result()).isEqualTo("rollout-3");
    }
  }

  @Test
  void runsTasksOnVirtualThreads() {
    try (Scope scope = Scope.open()) {
      assertThat(scope.fork("task", () -> Thread.currentThread().isVirtual()).result()).isTrue();
    }
  }

  @Test
  void waitsForASingleTaskWithoutAJoin() {
    try (Scope scope = Scope.open()) {
      assertThat(scope.fork("task", () -> 7).result()).isEqualTo(7);
    }
  }

  @Test
  void theFirstFailureInterruptsTheOthersAndIsThrown() {
    AtomicBoolean interrupted = new AtomicBoolean();
    CountDownLatch waiting = new CountDownLatch(1);
    try (Scope scope = Scope.open()) {
      scope.fork(
          "waits",
          () -> {
            try {
              waiting.countDown();
              never.await();
            } catch (InterruptedException e) {
              interrupted.set(true);
              throw new IllegalArgumentException("clean-up failed too", e);
            }
          });
      scope.fork(
          "fails",
          () -> {
            waiting.await();
            throw new IllegalStateException("first");
          });
      assertThatThrownBy(scope::join).isInstanceOf(IllegalStateException.class).hasMessage("first");
    }
    assertThat(interrupted).isTrue();
  }

  @Test
  void whatTheOthersFailWithIsSuppressed() {
    CountDownLatch waiting = new CountDownLatch(1);
    try (Scope scope = Scope.open()) {
      scope.fork(
          "first",
          () -> {
            waiting.await();
            throw new IOException("first");
          });
      scope.fork(
          "second",
          () -> {
            try {
              waiting.countDown();
              never.await();
            } catch (InterruptedException e) {
              // falls through: this task fails for a reason of its own
            }
            throw new IllegalStateException("second");
          });
      assertThatThrownBy(scope::join)
          .isInstanceOf(TaskFailed.class)
          .hasCauseInstanceOf(IOException.class)
          .cause()
          .satisfies(first ->
              assertThat(first.getSuppressed())
                  .singleElement()
                  .isInstanceOf(IllegalStateException.class));
    }
  }

  @Test
  void endsBackgroundTasksWhenTheForkedOnesHaveEnded() {
    AtomicBoolean ended = new AtomicBoolean();
    try (Scope scope = Scope.open()) {
      CountDownLatch started = new CountDownLatch(1);
      scope.background(
          "rollouts",
          () -> {
            try {
              started.countDown();
              never.await();
            } finally {
              ended.set(true);
            }
          });
      scope.fork("training", () -> started.await());
      scope.join();
      assertThat(ended).isTrue();
    }
  }

  @Test
  void aFailingBackgroundTaskEndsTheForkedOnes() {
    try (Scope scope = Scope.open()) {
      scope.fork("training", () -> never.await());
      scope.background(
          "rollouts",
          () -> {
            throw new IllegalStateException("no rollouts");
          });
      assertThatThrownBy(scope::join).hasMessage("no rollouts");
    }
  }

  @Test
  void closeInterruptsAndWaitsForEveryTask() throws Exception {
    AtomicBoolean ended = new AtomicBoolean();
    try (Scope scope = Scope.open()) {
      CountDownLatch started = new CountDownLatch(1);
      scope.fork(
          "task",
          () -> {
            try {
              started.countDown();
              never.await();
            } finally {
              ended.set(true);
            }
          });
      started.await();
    }
    assertThat(ended).isTrue();
  }

  @Test
  void closeThrowsAFailureThatNobodyJoined() {
    assertThatThrownBy(
            () -> {
              try (Scope scope = Scope.open()) {
                CountDownLatch failing = new CountDownLatch(1);
                scope.fork(
                    "fails",
                    () -> {
                      failing.countDown();
                      throw new IllegalStateException("unseen");
                    });
                failing.await();
              }
            })
        .hasMessage("unseen");
  }

  @Test
  void interruptingTheJoiningThreadCancelsTheTasks() {
    try (Scope scope = Scope.open()) {
      scope.fork("task", () -> never.await());
      Thread.currentThread().interrupt();
      assertThatThrownBy(scope::join).isInstanceOf(CancellationException.class);
      assertThat(Thread.interrupted()).isTrue();
    }
  }

  @Test
  void refusesTasksAfterClose() {
    Scope scope = Scope.open();
    scope.close();
    assertThatThrownBy(() -> scope.fork("late", () -> 1))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("task=late");
  }

  @Test
  void aTaskMayForkFurtherTasks() {
    try (Scope scope = Scope.open()) {
      ConcurrentLinkedQueue<String> ran = new ConcurrentLinkedQueue<>();
      scope.fork("outer", () -> scope.fork("inner", () -> ran.add("inner")));
      scope.join();
      assertThat(ran).containsExactly("inner");
    }
  }

  @Test
  void mapsInOrderAndAtOnce() {
    CyclicBarrier all = new CyclicBarrier(50);
    List<Integer> squares =
        Scope.map(
            IntStream.range(0, 50).boxed().toList(),
            i -> {
              try {
                all.await();
              } catch (Exception e) {
                throw new IllegalStateException(e);
              }
              return i * i;
            });
    assertThat(squares).isEqualTo(IntStream.range(0, 50).map(i -> i * i).boxed().toList());
  }

  @Test
  void mapThrowsTheFirstFailure() {
    assertThatThrownBy(() ->
            Scope.map(
                List.of(1, 2, 0),
                i -> {
                  if (i == 0) {
                    throw new ArithmeticException("division by zero");
                  }
                  return i;
                }))
        .isInstanceOf(ArithmeticException.class);
  }

  /// Its methods are a user's, and a scope that trusted them would wait for ever.
  @Test
  void anExceptionWhoseMethodsThrowEndsAScopeAsAnyOther() {
    RuntimeException odd =
        new RuntimeException("odd") {
          private static final long serialVersionUID = 1;

          @Override
          public synchronized Throwable getCause() {
            throw new IllegalStateException("no cause");
          }
        };
    CountDownLatch begun = new CountDownLatch(1);
    assertThatThrownBy(() ->
            Scope.map(
                List.of(1, 2),
                number -> {
                  if (number == 1) {
                    await(begun);
                    throw new IllegalArgumentException("first");
                  }
                  begun.countDown();
                  try {
                    new CountDownLatch(1).await();
                  } catch (InterruptedException e) {
                    throw odd;
                  }
                  return number;
                }))
        .hasMessage("first");
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
