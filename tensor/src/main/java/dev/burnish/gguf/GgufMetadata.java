package dev.burnish.gguf;

import dev.burnish.safetensors.CorruptFileException;
import dev.burnish.safetensors.LittleEndian;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// The typed key-value pairs of a GGUF file. Texts and arrays stay in the mapped file until they
/// are asked for. Asking for a value as a kind other than the file's is an error that names the
/// key.
public final class GgufMetadata {
  private static final long MAX_TEXT = 16L << 20;

  /// Scalar and element types by their number in the file.
  enum Kind {
    UINT8(0, 1),
    INT8(1, 1),
    UINT16(2, 2),
    INT16(3, 2),
    UINT32(4, 4),
    INT32(5, 4),
    FLOAT32(6, 4),
    BOOL(7, 1),
    STRING(8, 8),
    ARRAY(9, 12),
    UINT64(10, 8),
    INT64(11, 8),
    FLOAT64(12, 8);

    private final int number;
    private final int minBytes;

    Kind(int number, int minBytes) {
      this.number = number;
      this.minBytes = minBytes;
    }

    static Optional<Kind> ofNumber(int number) {
      return Arrays.stream(values()).filter(kind -> kind.number == number).findFirst();
    }

    int number() {
      return number;
    }

    /// The size, or for texts and arrays the least size.
    int minBytes() {
      return minBytes;
    }
  }

  /// Where a value is: `count` elements of `kind` from `at` in the file.
  record Slot(Kind kind, long count, long at, boolean array) {}

  private final Path file;
  private final MemorySegment whole;
  private final Map<String, Slot> slots;

  GgufMetadata(Path file, MemorySegment whole, Map<String, Slot> slots) {
    this.file = file;
    this.whole = whole;
    this.slots = new LinkedHashMap<>(slots);
  }

  /// All keys in the order of the file.
  public Set<String> keys() {
    return Collections.unmodifiableSet(slots.keySet());
  }

  /// Whether the key has one text.
  public boolean isText(String key) {
    Slot slot = slots.get(key);
    return slot != null && !slot.array() && slot.kind() == Kind.STRING;
  }

  public Optional<String> text(String key) {
    return scalar(key)
        .map(slot -> requireKind(key, slot.kind() == Kind.STRING, "a text", slot))
        .map(slot -> string(key, slot.at()));
  }

  /// An integer of any width; unsigned 64-bit values above the range of long are refused.
  public Optional<Long> integer(String key) {
    return scalar(key).map(slot -> integerAt(key, slot, 0));
  }

  /// A floating-point number, as a double with the digits that the file's type has.
  public Optional<Double> number(String key) {
    return scalar(key).map(slot -> numberAt(key, slot));
  }

  public Optional<Boolean> flag(String key) {
    return scalar(key)
        .map(slot -> requireKind(key, slot.kind() == Kind.BOOL, "a boolean", slot))
        .map(slot -> whole.get(ValueLayout.JAVA_BYTE, slot.at()) != 0);
  }

  /// An array of texts; empty where there is no such key.
  public List<String> texts(String key) {
    Slot slot = slots.get(key);
    if (slot == null) {
      return List.of();
    }
    requireKind(key, slot.array() && slot.kind() == Kind.STRING, "an array of texts", slot);
    List<String> texts = new ArrayList<>();
    long at = slot.at();
    for (long i = 0; i < slot.count(); i++) {
      texts.add(string(key, at));
      at += 8 + whole.get(LittleEndian.LONG, at);
    }
    return texts;
  }

  /// An array of integers; empty where there is no such key.
  public long[] integers(String key) {
    Slot slot = slots.get(key);
    if (slot == null) {
      return new long[0];
    }
    requireKind(key, slot.array() && slot.count() < 1 << 28, "an array of integers", slot);
    long[] values = new long[(int) slot.count()];
    for (int i = 0; i < values.length; i++) {
      values[i] = integerAt(key, slot, i);
    }
    return values;
  }

  /// An array of F32; empty where there is no such key.
  public float[] numbers(String key) {
    Slot slot = slots.get(key);
    if (slot == null) {
      return new float[0];
    }
    boolean floats = slot.array() && slot.kind() == Kind.FLOAT32 && slot.count() < 1 << 28;
    requireKind(key, floats, "an array of F32", slot);
    return whole.asSlice(slot.at(), slot.count() * Float.BYTES).toArray(LittleEndian.FLOAT);
  }

  private Optional<Slot> scalar(String key) {
    return Optional.ofNullable(slots.get(key))
        .map(slot -> requireKind(key, !slot.array(), "one value", slot));
  }

  private long integerAt(String key, Slot slot, long index) {
    long at = slot.at() + index * slot.kind().minBytes();
    return switch (slot.kind()) {
      case UINT8 -> whole.get(ValueLayout.JAVA_BYTE, at) & 0xff;
      case INT8 -> whole.get(ValueLayout.JAVA_BYTE, at);
      case UINT16 -> whole.get(LittleEndian.SHORT, at) & 0xffff;
      case INT16 -> whole.get(LittleEndian.SHORT, at);
      case UINT32 -> whole.get(LittleEndian.INT, at) & 0xffffffffL;
      case INT32 -> whole.get(LittleEndian.INT, at);
      case INT64 -> whole.get(LittleEndian.LONG, at);
      case UINT64 -> {
        long value = whole.get(LittleEndian.LONG, at);
        requireKind(key, value >= 0, "below 2^63", slot);
        yield value;
      }
      case FLOAT32, FLOAT64, BOOL, STRING, ARRAY -> throw refuse(key, "an integer", slot);
    };
  }

  private double numberAt(String key, Slot slot) {
    return switch (slot.kind()) {
      case FLOAT32 -> Double.parseDouble(Float.toString(whole.get(LittleEndian.FLOAT, slot.at())));
      case FLOAT64 -> whole.get(LittleEndian.DOUBLE, slot.at());
      case UINT8, INT8, UINT16, INT16, UINT32, INT32, UINT64, INT64, BOOL, STRING, ARRAY ->
          throw refuse(key, "a floating-point number", slot);
    };
  }

  private String string(String key, long at) {
    long length = whole.get(LittleEndian.LONG, at);
    if (length > MAX_TEXT) {
      throw new CorruptFileException(
          file, "a text must have at most 16 MiB", "key", key, "bytes", length);
    }
    return decode(file, key, whole.asSlice(at + 8, length));
  }

  static String decode(Path file, String what, MemorySegment utf8) {
    byte[] bytes = utf8.toArray(ValueLayout.JAVA_BYTE);
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      throw new CorruptFileException(file, "a text must be UTF-8", "in", what);
    }
  }

  private Slot requireKind(String key, boolean holds, String wanted, Slot slot) {
    if (!holds) {
      throw refuse(key, wanted, slot);
    }
    return slot;
  }

  private CorruptFileException refuse(String key, String wanted, Slot slot) {
    return new CorruptFileException(
        file,
        "value must be " + wanted,
        "key",
        key,
        "kind",
        slot.kind(),
        "count",
        slot.count(),
        "array",
        slot.array());
  }
}
