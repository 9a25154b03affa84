package dev.burnish.safetensors;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;

/// What a thread has allocated on the heap.
final class Allocation {
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private Allocation() {}

  static long ofThread() {
    return THREADS.getCurrentThreadAllocatedBytes();
  }
}
