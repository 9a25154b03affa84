package dev.burnish.link.bulk;

import java.lang.foreign.MemorySegment;
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

    @Override
    void close();
  }
}
