package dev.burnish.actor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.link.failure.CallCancelled;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@Timeout(120)
class TurnTest {
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final Turn turn = new Turn(threads);

  @AfterEach
  void close() {
    threads.close();
  }

  @Test
  void workRunsOneAtATimeInItsOrder() throws Exception {
    AtomicInteger inside = new AtomicInteger();
    List<Integer> order = new ArrayList<>();
    CountDownLatch done = new CountDownLatch(1000);
    for (int i = 0; i < 1000; i++) {
      int number = i;
      turn.add(() -> {
        assertThat(inside.incrementAndGet()).isEqualTo(1);
        order.add(number);
        inside.decrementAndGet();
        done.countDown();
      });
    }
    done.await();
    assertThat(order).isSorted().hasSize(1000);
  }

  @Test
  void waitersGetTheTurnWhenTheirConditionHolds() throws Exception {
    List<String> order = new ArrayList<>();
    AtomicInteger state = new AtomicInteger();
    CountDownLatch done = new CountDownLatch(2);
    for (int least : new int[] {2, 1}) {
      turn.add(() -> {
        turn.await(() -> state.get() >= least);
        order.add("waiter " + least);
        done.countDown();
      });
    }
    turn.add(() -> order.add("work"));
    turn.add(() -> order.add("sets " + state.incrementAndGet()));
    turn.add(() -> order.add("sets " + state.incrementAndGet()));
    done.await();
    assertThat(order).containsExactly("work", "sets 1", "waiter 1", "sets 2", "waiter 2");
  }

  /// Work that only starts something concurrently with the turn.
  private record Beside(Runnable work) implements Turn.Work {
    @Override
    public void run() {
      work.run();
    }

    @Override
    public boolean isBeside() {
      return true;
    }
  }

  @Test
  void whatRunsBesideWaitsForWorkBeforeItToBeginNotToEnd() throws Exception {
    CountDownLatch first = new CountDownLatch(1);
    CountDownLatch second = new CountDownLatch(1);
    CountDownLatch beside = new CountDownLatch(2);
    CountDownLatch done = new CountDownLatch(1);
    CountDownLatch begun = new CountDownLatch(1);
    turn.add(() -> {
      begun.countDown();
      await(first);
    });
    begun.await();
    List<String> order = Collections.synchronizedList(new ArrayList<>());
    turn.add(new Beside(() -> order.add("at once")));
    assertThat(order).containsExactly("at once");
    turn.add(() -> await(second));
    for (String name : List.of("third", "fourth")) {
      turn.add(
          new Beside(() -> {
            order.add(name);
            beside.countDown();
          }));
    }
    assertThat(order).containsExactly("at once");
    turn.add(done::countDown);
    first.countDown();
    beside.await();
    assertThat(order).containsExactly("at once", "third", "fourth");
    assertThat(done.getCount()).isEqualTo(1);
    second.countDown();
    done.await();
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void waitersAreLookedAtWhenSomethingBesideHasChanged() throws Exception {
    AtomicBoolean changed = new AtomicBoolean();
    CountDownLatch waiting = new CountDownLatch(1);
    CountDownLatch done = new CountDownLatch(1);
    turn.add(() -> {
      turn.await(() -> {
        waiting.countDown();
        return changed.get();
      });
      done.countDown();
    });
    waiting.await();
    while (turn.number() != 0) {
      Thread.onSpinWait();
    }
    changed.set(true);
    while (done.getCount() > 0) {
      turn.changed();
    }
    done.await();
  }

  @Test
  void eachPieceOfWorkHasANumberWhileItHasTheTurn() throws Exception {
    List<Long> numbers = Collections.synchronizedList(new ArrayList<>());
    AtomicBoolean released = new AtomicBoolean();
    CountDownLatch waiting = new CountDownLatch(1);
    CountDownLatch done = new CountDownLatch(1);
    turn.add(() -> {
      numbers.add(turn.number());
      turn.await(() -> {
        waiting.countDown();
        return released.get();
      });
      numbers.add(turn.number());
      done.countDown();
    });
    waiting.await();
    while (turn.number() != 0) {
      Thread.onSpinWait();
    }
    turn.add(() -> {
      numbers.add(turn.number());
      released.set(true);
    });
    done.await();
    assertThat(numbers).containsExactly(1L, 2L, 1L);
    while (turn.number() != 0) {
      Thread.onSpinWait();
    }
    assertThat(turn.runHere(() -> numbers.add(turn.number()))).isTrue();
    assertThat(numbers).endsWith(3L);
    assertThat(turn.number()).isZero();
  }

  @Test
  void anInterruptedWaiterGetsTheTurnBeforeItThrows() throws Exception {
    CountDownLatch waiting = new CountDownLatch(1);
    CountDownLatch done = new CountDownLatch(1);
    AtomicReference<Thread> thread = new AtomicReference<>(Thread.currentThread());
    AtomicInteger inside = new AtomicInteger();
    turn.add(() -> {
      thread.set(Thread.currentThread());
      waiting.countDown();
      assertThatThrownBy(() -> turn.await(() -> false)).isInstanceOf(CallCancelled.class);
      assertThat(inside.incrementAndGet()).isEqualTo(1);
      inside.decrementAndGet();
      done.countDown();
    });
    waiting.await();
    thread.get().interrupt();
    for (int i = 0; i < 100; i++) {
      turn.add(() -> {
        assertThat(inside.incrementAndGet()).isEqualTo(1);
        inside.decrementAndGet();
      });
    }
    done.await();
  }

  /// An exception whose own methods throw.
  private static final class Odd extends RuntimeException {
    private static final long serialVersionUID = 1;

    @Override
    public String getMessage() {
      throw new IllegalStateException("no message");
    }
  }

  static Stream<Throwable> whatWorkThrows() {
    return Stream.of(new Odd(), new StackOverflowError(), new OutOfMemoryError("made up"));
  }

  @SuppressWarnings("TypeParameterUnusedInFormals")
  private static <X extends Throwable> RuntimeException thrown(Throwable it) throws X {
    @SuppressWarnings("unchecked")
    X any = (X) it;
    throw any;
  }

  @ParameterizedTest
  @MethodSource("whatWorkThrows")
  void theTurnGoesOnWhateverWorkThrows(Throwable it) throws Exception {
    CountDownLatch done = new CountDownLatch(1);
    turn.add(() -> {
      throw thrown(it);
    });
    turn.add(done::countDown);
    done.await();
    while (!turn.runHere(
        () -> {
          throw thrown(it);
        })) {
      Thread.onSpinWait();
    }
    CountDownLatch again = new CountDownLatch(1);
    turn.add(again::countDown);
    again.await();
  }

  @ParameterizedTest
  @MethodSource("whatWorkThrows")
  void aConditionThatThrowsEndsItsOwnWaiterAlone(Throwable it) throws Exception {
    AtomicBoolean throwing = new AtomicBoolean();
    AtomicBoolean holds = new AtomicBoolean();
    AtomicReference<Throwable> caught = new AtomicReference<>(new Throwable());
    CountDownLatch waiting = new CountDownLatch(2);
    CountDownLatch done = new CountDownLatch(2);
    turn.add(() -> {
      waiting.countDown();
      try {
        turn.await(() -> {
          if (throwing.get()) {
            throw thrown(it);
          }
          return false;
        });
      } catch (Throwable e) {
        assertThat(turn.isHeldHere()).isTrue();
        caught.set(e);
        done.countDown();
      }
    });
    turn.add(() -> {
      waiting.countDown();
      turn.await(holds::get);
      done.countDown();
    });
    waiting.await();
    turn.add(() -> throwing.set(true));
    turn.add(() -> holds.set(true));
    done.await();
    assertThat(caught.get()).isSameAs(it);
  }

  /// A waiter that polls would take a core, and its carrier, from all others.
  @Test
  void anInterruptedWaiterParksUntilItHasTheTurn() throws Exception {
    AtomicReference<Thread> thread = new AtomicReference<>(Thread.currentThread());
    CountDownLatch waiting = new CountDownLatch(1);
    CountDownLatch busy = new CountDownLatch(1);
    CountDownLatch released = new CountDownLatch(1);
    CountDownLatch done = new CountDownLatch(1);
    AtomicBoolean isInterrupted = new AtomicBoolean();
    turn.add(() -> {
      thread.set(Thread.currentThread());
      waiting.countDown();
      assertThatThrownBy(() -> turn.await(() -> false)).isInstanceOf(CallCancelled.class);
      isInterrupted.set(Thread.currentThread().isInterrupted());
      done.countDown();
    });
    turn.add(() -> {
      busy.countDown();
      await(released);
    });
    waiting.await();
    busy.await();
    thread.get().interrupt();
    while (thread.get().isInterrupted() || thread.get().getState() != Thread.State.WAITING) {
      Thread.onSpinWait();
    }
    assertThat(done.getCount()).isEqualTo(1);
    released.countDown();
    done.await();
    assertThat(isInterrupted).isTrue();
  }

  @Test
  void onlyWhoHoldsTheTurnPassesItOn() throws Exception {
    assertThatThrownBy(() -> turn.await(() -> true)).isInstanceOf(IllegalStateException.class);
    CountDownLatch done = new CountDownLatch(1);
    turn.add(() -> {
      assertThatThrownBy(() ->
              turn.await(() -> {
                turn.await(() -> true);
                return true;
              }))
          .isInstanceOf(IllegalStateException.class);
      assertThat(turn.isHeldHere()).isTrue();
      done.countDown();
    });
    done.await();
  }

  @Test
  void whereNoThreadCanBeStartedNothingIsLost() {
    AtomicBoolean refusing = new AtomicBoolean(true);
    List<Runnable> started = new ArrayList<>();
    Turn scarce =
        new Turn(work -> {
          if (refusing.get()) {
            throw new OutOfMemoryError("no thread");
          }
          started.add(work);
        });
    List<String> order = new ArrayList<>();
    assertThatThrownBy(() -> scarce.add(() -> order.add("refused")))
        .isInstanceOf(OutOfMemoryError.class);
    assertThat(scarce.numQueued()).isZero();
    refusing.set(false);
    scarce.add(() -> {
      refusing.set(true);
      assertThatThrownBy(() -> scarce.await(() -> false)).isInstanceOf(OutOfMemoryError.class);
      assertThat(scarce.isHeldHere()).isTrue();
      order.add("kept");
    });
    started.removeFirst().run();
    assertThat(order).containsExactly("kept");
    refusing.set(false);
    scarce.add(() -> order.add("next"));
    started.removeFirst().run();
    assertThat(order).containsExactly("kept", "next");
  }

  /// State that a piece of work leaves on its thread does not reach the next one.
  @Test
  void anInterruptEndsWithItsPieceOfWork() throws Exception {
    AtomicBoolean isInterrupted = new AtomicBoolean(true);
    CountDownLatch added = new CountDownLatch(1);
    CountDownLatch done = new CountDownLatch(1);
    turn.add(() -> {
      await(added);
      Thread.currentThread().interrupt();
    });
    turn.add(() -> {
      isInterrupted.set(Thread.currentThread().isInterrupted());
      done.countDown();
    });
    added.countDown();
    done.await();
    assertThat(isInterrupted).isFalse();
  }
}
