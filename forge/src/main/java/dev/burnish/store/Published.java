package dev.burnish.store;

import dev.burnish.link.Region;
import dev.burnish.nn.PackedPart;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.stream.IntStream;

/// A version of weights with the memory that it lies in. It travels by handle: whoever has it has
/// the memory, until it closes it, whatever becomes of the process that wrote it.
///
/// @param parts in the order and the form of the manifest; at least one byte each, also for a part
///   without parameters
public record Published(Manifest manifest, List<Region> parts) implements AutoCloseable {
  public Published {
    parts = List.copyOf(parts);
  }

  /// The bytes of memory that so many bytes of values take: there is no memory of none.
  static long memory(long bytes) {
    return Math.max(1, bytes);
  }

  /// The set that it is a version of.
  public String set() {
    return manifest.set();
  }

  public long version() {
    return manifest.version();
  }

  /// Bytes of all parts.
  public long bytes() {
    return manifest.parts().stream().mapToLong(Manifest.Part::bytes).sum();
  }

  /// Checks that each part has the memory that the manifest says.
  ///
  /// @throws WeightsException if one has not
  void requireSizes() {
    List<Long> expected = manifest.parts().stream().map(part -> memory(part.bytes())).toList();
    List<Long> sizes = parts.stream().map(Region::size).toList();
    if (!sizes.equals(expected)) {
      int first =
          IntStream.range(0, Math.min(sizes.size(), expected.size()))
              .filter(i -> !sizes.get(i).equals(expected.get(i)))
              .findFirst()
              .orElse(Math.min(sizes.size(), expected.size()));
      throw new WeightsException(
          "each part must have the bytes of its parameters: set=%s version=%d part=%d expected=%s bytes=%s"
              .formatted(set(), version(), first, at(expected, first), at(sizes, first)));
    }
  }

  private static String at(List<Long> sizes, int index) {
    return index < sizes.size() ? String.valueOf(sizes.get(index)) : "none";
  }

  /// Whether a part has the bytes that were published. Reads all of them.
  public boolean isSound(int part) {
    return digest(part) == manifest.parts().get(part).digest();
  }

  long digest(int part) {
    return Digest.of(memoryOf(part));
  }

  /// The memory of a part, without the byte of one that has no parameters.
  public MemorySegment memoryOf(int part) {
    return parts.get(part).segment().asSlice(0, manifest.parts().get(part).bytes());
  }

  /// Writes the values of a part in the order of its parameters.
  ///
  /// @param part of the model, as the publisher packed it
  /// @param target native, of the size of the values
  /// @throws WeightsException if the matrices of the part are others
  public void copyValues(int index, PackedPart part, MemorySegment target) {
    Manifest.Part known = manifest.parts().get(index);
    MemorySegment memory = memoryOf(index);
    if (known.packed().isPresent()) {
      manifest.formOf(index, part).unpack(memory, target);
    } else {
      MemorySegment.copy(memory, 0, target, 0, memory.byteSize());
    }
  }

  /// Checks that another publication of the same version has the same values.
  ///
  /// @throws WeightsException if it has not
  public void requireSame(Manifest other) {
    if (!manifest.hasContentOf(other)) {
      throw new WeightsException(
          "a published version must not change: set=%s version=%d digests=%s others=%s memory=%s others=%s; publish the next one"
              .formatted(
                  set(),
                  version(),
                  manifest.digests(),
                  other.digests(),
                  manifest.memoryDigests(),
                  other.memoryDigests()));
    }
  }

  /// The same version for another user, who closes it too.
  public Published share() {
    parts.forEach(Region::share);
    return this;
  }

  @Override
  public void close() {
    parts.forEach(Region::close);
  }
}
