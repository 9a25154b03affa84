package dev.burnish.store.fetch;

import dev.burnish.link.Region;
import java.lang.foreign.MemorySegment;

/// A part of a tensor where its writer, or one that has the same, put it.
public interface Source {
  /// The rank whose part it is.
  int rank();

  /// The memory that it is in.
  Region memory();

  /// Its first byte in the memory.
  long offset();

  /// Its bytes.
  long size();

  /// Its name, for messages.
  String what();

  /// Whether a block of it has not been checked where it lies.
  boolean isUnchecked(int block);

  /// Checks the digest of a block, as of the bytes that were read or of those that lie there.
  ///
  /// @throws RuntimeException if it is not that of its writer
  void requireDigest(int block, int digest);

  /// Notes that a block was checked where it lies. Called by any thread.
  void checked(int block);

  /// Copies the same elements from memory of this host.
  void copyHere(Elements elements, MemorySegment into);
}
