package dev.burnish.concurrent;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ClosingTest {
  private static final Duration PATIENCE = Duration.ofSeconds(3);
  private static final Duration LIMIT = Duration.ofSeconds(7);

  private final List<String> order = Collections.synchronizedList(new ArrayList<>());
  private final BlockingQueue<Runnable> patience = new LinkedBlockingQueue<>();
  private final BlockingQueue<Runnable> limit = new LinkedBlockingQueue<>();
  private final Closing closing =
      new Closing(
          (name, work) -> Thread.ofVirtual().name(name).start(work),
          (time, action) -> {
            BlockingQueue<Runnable> alarms = time.equals(PATIENCE) ? patience : limit;
            alarms.add(action);
            return () -> alarms.remove(action);
          },
          PATIENCE,
          LIMIT);

  private AutoCloseable named(String name) {
    return () -> order.add(name);
  }

  @Test
  void theLastIsClosedFirstAndOneThatThrowsHoldsNobodyUp() {
    AutoCloseable failing =
        () -> {
          order.add("failing");
          throw new AssertionError("made up");
        };
    closing.lastFirst("test", List.of(named("first"), failing, named("last")));
    assertThat(order).containsExactly("last", "failing", "first");
    closing.lastFirst("test", List.of());
  }

  @Test
  void thoseThatHangHaveTheirTimeTogether() throws Exception {
    CountDownLatch never = new CountDownLatch(1);
    CountDownLatch begun = new CountDownLatch(2);
    AutoCloseable hanging =
        () -> {
          begun.countDown();
          never.await();
        };
    Thread thread =
        Thread.ofVirtual()
            .start(() -> closing.lastFirst("test", List.of(named("first"), hanging, hanging)));
    patience.take().run();
    begun.await();
    Runnable atLimit = limit.take();
    while (order.isEmpty()) {
      Thread.onSpinWait();
    }
    assertThat(order).containsExactly("first");
    assertThat(thread.isAlive()).isTrue();
    atLimit.run();
    thread.join();
    never.countDown();
  }
}
