package dev.burnish.link;

import java.util.concurrent.atomic.AtomicLong;

/// The calls that have come to a process and have not ended, by the memory that they hold. It has a
/// bound, so that senders who do not wait cannot exhaust the memory of a process. Thread-safe.
public final class CallMemory {
  /// Memory that a call holds in addition to its arguments.
  public static final int EACH = 1024;

  private static final int SHARE = 3;

  private final long limit;
  private final AtomicLong bytes = new AtomicLong();

  /// @param limit in bytes
  public CallMemory(long limit) {
    this.limit = limit;
  }

  /// The memory of this process: at most a third of its heap.
  public static CallMemory ofThisProcess() {
    return OfThisProcess.ONE;
  }

  private static final class OfThisProcess {
    private static final CallMemory ONE = new CallMemory(Runtime.getRuntime().maxMemory() / SHARE);
  }

  /// Reserves room for a call, if there is some. A single call may be of any size.
  public boolean take(int arguments) {
    long size = (long) EACH + arguments;
    if (bytes.getAndAdd(size) > 0 && bytes.get() > limit) {
      release(arguments);
      return false;
    }
    return true;
  }

  /// Ends [#take].
  public void release(int arguments) {
    bytes.addAndGet(-(long) EACH - arguments);
  }

  /// Such as `bytes=1000 limit=900`.
  @Override
  public String toString() {
    return "bytes=%d limit=%d".formatted(bytes.get(), limit);
  }
}
