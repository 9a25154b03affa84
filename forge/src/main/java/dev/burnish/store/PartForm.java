package dev.burnish.store;

import dev.burnish.kernel.PackedLayout;
import dev.burnish.kernel.Packing;
import dev.burnish.nn.FlatLayout;
import dev.burnish.nn.PackedPart;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.zip.CRC32C;

/// How a publisher lays out one part in memory.
sealed interface PartForm {
  /// Digests of a part.
  ///
  /// @param memory of the bytes that were written
  /// @param values of the values in the order of the parameters
  record Digests(long memory, long values) {}

  /// The parameters.
  FlatLayout layout();

  /// Bytes that are written; none for a part without parameters.
  long bytes();

  /// Where the matrices lie, if they are packed.
  Optional<PackedLayout> packed();

  /// Writes values.
  ///
  /// @param memory of [#bytes]
  Digests write(MemorySegment values, MemorySegment memory);

  /// Whether memory has these values; where it has not, the first difference is found soon.
  ///
  /// @param memory that was written in this form
  boolean holds(MemorySegment memory, MemorySegment values);

  /// One parameter after the other, for those who compute with them as they are.
  record Plain(FlatLayout layout) implements PartForm {
    @Override
    public long bytes() {
      return 4L * layout.size();
    }

    @Override
    public Optional<PackedLayout> packed() {
      return Optional.empty();
    }

    @Override
    public Digests write(MemorySegment values, MemorySegment memory) {
      long digest = Digest.copy(values, memory);
      return new Digests(digest, digest);
    }

    @Override
    public boolean holds(MemorySegment memory, MemorySegment values) {
      return memory.mismatch(values) < 0;
    }
  }

  /// Packed for generators, which read it in place.
  record Packed(PackedPart part) implements PartForm {
    @Override
    public FlatLayout layout() {
      return part.layout();
    }

    @Override
    public long bytes() {
      return part.bytes();
    }

    @Override
    public Optional<PackedLayout> packed() {
      return Optional.of(part.packed());
    }

    @Override
    public Digests write(MemorySegment values, MemorySegment memory) {
      Sums sums = new Sums();
      part.pack(values, memory, sums);
      return new Digests(sums.written.getValue(), sums.read.getValue());
    }

    @Override
    public boolean holds(MemorySegment memory, MemorySegment values) {
      return part.holds(memory, values);
    }

    private static final class Sums implements Packing.Watcher {
      private final CRC32C read = new CRC32C();
      private final CRC32C written = new CRC32C();

      @Override
      public void read(MemorySegment bytes) {
        Digest.add(bytes, read);
      }

      @Override
      public void written(MemorySegment bytes) {
        Digest.add(bytes, written);
      }
    }
  }
}
