package dev.burnish.concurrent;

import java.lang.management.ManagementFactory;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import jdk.management.VirtualThreadSchedulerMXBean;

/// Keeps virtual threads running although other virtual threads do not release their carrier
/// threads: those compute, or are in native code.
///
/// Idea: a platform thread starts a virtual thread five times per second. If one has not run after
/// half a second, all carriers are taken, and the scheduler gets more: the same number again, up to
/// its limit (256, or the value of `jdk.virtualThreadScheduler.maxPoolSize`). The added carriers
/// are given back when few have been in use for a while.
public final class Carriers {
  private static final System.Logger LOG = System.getLogger(Carriers.class.getName());
  private static final long EVERY_MILLIS = 200;
  private static final long PATIENCE_MILLIS = 500;

  /// Number of consecutive checks at which few carriers are in use.
  private static final int CALM = 50;

  private static final int QUEUES = 8;
  private static final AtomicBoolean WATCHED = new AtomicBoolean();

  private int added;
  private int numCalm;

  private Carriers() {}

  /// Starts watching, for as long as the process lives.
  public static void watch() {
    if (WATCHED.compareAndSet(false, true)) {
      Thread.ofPlatform().daemon().name("burnish-carriers").start(() -> new Carriers().run());
    }
  }

  private void run() {
    while (true) {
      try {
        look();
        Thread.sleep(EVERY_MILLIS);
      } catch (InterruptedException e) {
        return;
      } catch (Throwable e) {
        LOG.log(System.Logger.Level.WARNING, "cannot look after carriers: {0}", Thrown.text(e));
        added = 0;
      }
    }
  }

  private void look() throws InterruptedException {
    CountDownLatch ran = start();
    while (!ran.await(PATIENCE_MILLIS, TimeUnit.MILLISECONDS)) {
      numCalm = 0;
      addCarriers();
      if (wake().await(PATIENCE_MILLIS, TimeUnit.MILLISECONDS)) {
        break;
      }
    }
    if (added > 0) {
      giveBack();
    }
  }

  private static CountDownLatch start() {
    CountDownLatch ran = new CountDownLatch(1);
    Thread.ofVirtual().name("carriers").start(ran::countDown);
    return ran;
  }

  /// Makes the scheduler use carriers that were added. It looks for some when a virtual thread
  /// comes to one of its queues that was empty; each thread that starts some has a queue by chance.
  private static CountDownLatch wake() {
    CountDownLatch ran = new CountDownLatch(1);
    for (int i = 0; i < QUEUES; i++) {
      Thread.ofPlatform()
          .daemon()
          .name("burnish-carriers/wake")
          .start(() -> Thread.ofVirtual().name("carriers").start(ran::countDown));
    }
    return ran;
  }

  private void addCarriers() {
    VirtualThreadSchedulerMXBean scheduler = scheduler();
    int before = scheduler.getParallelism();
    int more = Math.min(2 * before, most(before - added));
    if (more > before) {
      scheduler.setParallelism(more);
      added += more - before;
      LOG.log(
          System.Logger.Level.DEBUG,
          "virtual threads hold all {0} carriers: they get {1}",
          before,
          more);
    }
  }

  private void giveBack() {
    VirtualThreadSchedulerMXBean scheduler = scheduler();
    int first = scheduler.getParallelism() - added;
    numCalm = scheduler.getMountedVirtualThreadCount() < first ? numCalm + 1 : 0;
    if (numCalm >= CALM) {
      scheduler.setParallelism(first);
      added = 0;
      numCalm = 0;
    }
  }

  private static int most(int first) {
    return Integer.getInteger("jdk.virtualThreadScheduler.maxPoolSize", Math.max(first, 256));
  }

  private static VirtualThreadSchedulerMXBean scheduler() {
    return ManagementFactory.getPlatformMXBean(VirtualThreadSchedulerMXBean.class);
  }
}
