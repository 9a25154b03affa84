package dev.burnish.concurrent;

import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import jdk.management.VirtualThreadSchedulerMXBean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class CarriersTest {
  /// As many threads as there are carriers, and the same number again, hold on to them.
  @Test
  void aVirtualThreadRunsAlthoughOthersHoldAllCarriers() throws Exception {
    Carriers.watch();
    int carriers =
        ManagementFactory.getPlatformMXBean(VirtualThreadSchedulerMXBean.class).getParallelism();
    AtomicBoolean ended = new AtomicBoolean();
    List<Thread> busy = new ArrayList<>();
    try {
      CountDownLatch holding = new CountDownLatch(2 * carriers);
      for (int i = 0; i < 2 * carriers; i++) {
        busy.add(Thread.ofVirtual().start(() -> hold(holding, ended)));
      }
      holding.await();
      CountDownLatch ran = new CountDownLatch(1);
      Thread.ofVirtual().start(ran::countDown);
      ran.await();
    } finally {
      ended.set(true);
      for (Thread thread : busy) {
        thread.join();
      }
    }
  }

  private static void hold(CountDownLatch holding, AtomicBoolean ended) {
    holding.countDown();
    while (!ended.get()) {
      Thread.onSpinWait();
    }
  }
}
