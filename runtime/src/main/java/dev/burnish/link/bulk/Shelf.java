package dev.burnish.link.bulk;

import dev.burnish.link.failure.ReplicaLost;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.Optional;

/// The regions that a process serves.
@FunctionalInterface
public interface Shelf {
  /// Lends a region while bytes of it are sent; empty if it is not there for others any more.
  Optional<Loan> lend(long region);

  /// A region that stays as long as this is open.
  interface Loan extends AutoCloseable {
    /// Its bytes.
    MemorySegment bytes();

    /// Waits until runs of them are there, a given time: all are, unless the region still comes
    /// from elsewhere.
    ///
    /// @return whether they are
    /// @throws ReplicaLost if they will not come
    default boolean await(Runs runs, Duration limit) throws InterruptedException {
      return true;
    }

    @Override
    void close();
  }
}
