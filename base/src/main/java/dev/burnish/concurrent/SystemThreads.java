package dev.burnish.concurrent;

import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/// Threads for the work of the system: starting, watching, restarting and ending. They are platform
/// threads, so that user tasks that compute, and so hold the carriers of virtual threads, do not
/// hold it up. When very much of it waits at once, the rest is on virtual threads.
public final class SystemThreads {
  private static final System.Logger LOG = System.getLogger(SystemThreads.class.getName());
  private static final int MOST = 64;

  private static final ThreadPoolExecutor POOL =
      new ThreadPoolExecutor(
          0,
          MOST,
          5,
          TimeUnit.SECONDS,
          new SynchronousQueue<>(),
          Thread.ofPlatform().daemon().name("system").factory(),
          (work, pool) -> Thread.ofVirtual().start(work));

  private SystemThreads() {}

  /// Runs work soon, under a name. It may wait.
  public static void run(String name, Runnable work) {
    ClassLoader loader = Thread.currentThread().getContextClassLoader();
    POOL.execute(() -> run(name, loader, work));
  }

  private static void run(String name, ClassLoader loader, Runnable work) {
    Thread thread = Thread.currentThread();
    thread.setName(name);
    thread.setContextClassLoader(loader);
    try {
      work.run();
    } catch (Throwable e) {
      LOG.log(
          System.Logger.Level.ERROR,
          "{0} failed: {1}",
          name,
          String.join("\n", Thrown.trace(e, 20)));
    } finally {
      thread.setName("system");
      thread.setContextClassLoader(SystemThreads.class.getClassLoader());
    }
  }
}
