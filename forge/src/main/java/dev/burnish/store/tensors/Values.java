package dev.burnish.store.tensors;

import dev.burnish.wire.Codecs;
import dev.burnish.wire.Limits;
import dev.burnish.wire.Session;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/// How values that are no tensors are encoded: as arguments of calls are, without handles.
final class Values {
  private static final Codecs CODECS = new Codecs(List.of(), Limits.defaults());

  private Values() {}

  /// @throws IllegalArgumentException if the type does not travel, or the value is too large
  static byte[] encode(Object value) {
    return CODECS.of(value.getClass()).encode(List.of(value), Session.NONE);
  }

  static <T> T decode(MemorySegment bytes, Class<T> type) {
    return type.cast(
        CODECS.of(type).decode(bytes.toArray(ValueLayout.JAVA_BYTE), Session.NONE).getFirst());
  }
}
