package dev.burnish.service.routing;

/// How many calls a replica has at once, and how the others are treated.
///
/// @param concurrency calls in flight at a replica from one process
/// @param capacity calls that wait at once in one process
/// @param overflow the behaviour of a further call
public record Queueing(int concurrency, int capacity, Overflow overflow) {
  /// The behaviour of a call that finds the queue full.
  public enum Overflow {
    /// It fails with [dev.burnish.link.failure.Overloaded].
    REJECT,
    /// Its caller waits for room, until its deadline; room is given by priority, then in order of
    /// arrival.
    WAIT
  }

  /// @throws IllegalArgumentException if no call could be made
  public Queueing {
    if (concurrency < 1 || capacity < 0) {
      throw new IllegalArgumentException(
          "a replica must take a call at a time at least: service.concurrency=%d service.capacity=%d"
              .formatted(concurrency, capacity));
    }
  }

  /// 10 concurrent calls; callers wait, since they are threads, and so slow down.
  public static Queueing defaults() {
    return new Queueing(10, 1024, Overflow.WAIT);
  }
}
