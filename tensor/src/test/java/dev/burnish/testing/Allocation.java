package dev.burnish.testing;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;

/// The bytes that a thread has allocated on the heap.
public final class Allocation {
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private Allocation() {}

  /// Bytes that the current thread has allocated so far.
  public static long ofThread() {
    return THREADS.getCurrentThreadAllocatedBytes();
  }
}
