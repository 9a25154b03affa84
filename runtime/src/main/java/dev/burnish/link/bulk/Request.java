package dev.burnish.link.bulk;

import java.lang.foreign.MemorySegment;
import java.util.function.IntConsumer;

/// Something that is asked about the bytes of a region. Its action runs on a thread of the reader
/// when the answer is there, once; an exception of it ends the reading.
public sealed interface Request {
  /// Bytes that one request is about, at most.
  int LARGEST = 4 << 20;

  /// The bytes that it is about.
  Runs from();

  /// Bytes that are to be read.
  ///
  /// @param to where they go in `target`: as many runs, of the same size
  /// @param arrived run when all of them are there
  record Read(Runs from, MemorySegment target, Runs to, Runnable arrived) implements Request {
    /// @throws IllegalArgumentException if there are too many bytes, or they do not fit the target
    public Read {
      requireSmall(from);
      if (from.run() != to.run() || from.count() != to.count() || !to.isWithin(target.byteSize())) {
        throw new IllegalArgumentException(
            "what is read must fit where it goes: from=%s to=%s target=%d"
                .formatted(from, to, target.byteSize()));
      }
    }
  }

  /// The CRC32C of bytes where they lie.
  ///
  /// @param from one run
  record Digest(Runs from, IntConsumer arrived) implements Request {
    /// @throws IllegalArgumentException if it is more than one run, or too long
    public Digest {
      requireSmall(from);
      if (from.count() != 1) {
        throw new IllegalArgumentException("a digest must be of one run: runs=" + from);
      }
    }
  }

  private static void requireSmall(Runs runs) {
    if (runs.bytes() > LARGEST) {
      throw new IllegalArgumentException(
          "a request must be about at most %d bytes: runs=%s".formatted(LARGEST, runs));
    }
  }
}
