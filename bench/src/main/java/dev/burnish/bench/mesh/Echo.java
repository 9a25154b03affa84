package dev.burnish.bench.mesh;

import dev.burnish.link.Region;
import java.lang.foreign.MemorySegment;

/// The actor that is measured.
interface Echo {
  byte[] echo(byte[] bytes);

  void nothing();

  /// Copies the region to memory of its own; returns the last byte.
  byte copy(Region region);

  long residentKilobytes();

  /// See [Echo].
  final class Actor implements Echo {
    private byte[] own = new byte[0];

    @Override
    public byte[] echo(byte[] bytes) {
      return bytes;
    }

    @Override
    public void nothing() {}

    @Override
    public byte copy(Region region) {
      int size = Math.toIntExact(region.size());
      if (own.length != size) {
        own = new byte[size];
      }
      MemorySegment.copy(region.segment(), 0, MemorySegment.ofArray(own), 0, size);
      return own[size - 1];
    }

    @Override
    public long residentKilobytes() {
      return ProcessMemory.residentKilobytes();
    }
  }
}
