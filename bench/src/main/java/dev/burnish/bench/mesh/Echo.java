package dev.burnish.bench.mesh;

import dev.burnish.host.ResidentMemory;
import dev.burnish.link.Region;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// The actor that is measured.
interface Echo {
  byte[] echo(byte[] bytes);

  void nothing();

  /// Copies the region to memory of its own; returns the last byte.
  byte copy(Region region);

  long residentKilobytes();

  /// See [Echo].
  final class Actor implements Echo {
    private MemorySegment own = MemorySegment.NULL;

    @Override
    public byte[] echo(byte[] bytes) {
      return bytes;
    }

    @Override
    public void nothing() {}

    @Override
    public byte copy(Region region) {
      if (own.byteSize() != region.size()) {
        own = Arena.ofAuto().allocate(region.size(), 64);
      }
      region.copyTo(0, own);
      return own.get(ValueLayout.JAVA_BYTE, region.size() - 1);
    }

    @Override
    public long residentKilobytes() {
      return ResidentMemory.now().orElse(0) / 1024;
    }
  }
}
