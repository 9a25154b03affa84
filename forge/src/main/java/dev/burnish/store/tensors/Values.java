package dev.burnish.store.tensors;

import dev.burnish.wire.Codecs;
import dev.burnish.wire.Limits;
import dev.burnish.wire.Session;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// How values that are no tensors are encoded: as arguments of calls are, without handles.
final class Values {
  private static final Codecs CODECS = new Codecs(List.of(), Limits.defaults());

  /// Those that a state dict may have, which are read without a type being asked for.
  private static final Map<String, Class<?>> PLAIN =
      Stream.of(
              String.class,
              Boolean.class,
              Integer.class,
              Long.class,
              Float.class,
              Double.class,
              byte[].class,
              int[].class,
              long[].class,
              float[].class,
              double[].class)
          .collect(Collectors.toUnmodifiableMap(Class::getName, Function.identity()));

  private Values() {}

  /// Whether a value may be part of a state dict.
  static boolean isPlain(Object value) {
    return PLAIN.containsKey(value.getClass().getName());
  }

  /// The class of that name, if its values may be part of a state dict.
  static Optional<Class<?>> plain(String name) {
    return Optional.ofNullable(PLAIN.get(name));
  }

  /// @throws IllegalArgumentException if the type does not travel, or the value is too large
  static byte[] encode(Object value) {
    return CODECS.of(value.getClass()).encode(List.of(value), Session.NONE);
  }

  static <T> T decode(MemorySegment bytes, Class<T> type) {
    return type.cast(
        CODECS.of(type).decode(bytes.toArray(ValueLayout.JAVA_BYTE), Session.NONE).getFirst());
  }
}
