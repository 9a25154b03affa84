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
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

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

  /// Work that only starts something beside the turn.
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
}
