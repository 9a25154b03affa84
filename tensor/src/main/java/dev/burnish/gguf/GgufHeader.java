package dev.burnish.gguf;

import dev.burnish.content.FileKind;
import dev.burnish.gguf.GgufMetadata.Kind;
import dev.burnish.gguf.GgufMetadata.Slot;
import dev.burnish.safetensors.CorruptFileException;
import dev.burnish.safetensors.LittleEndian;
import dev.burnish.safetensors.StoredTensor;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/// Parses and validates all of a GGUF file except its tensors: versions 2 and 3, little endian.
/// After this every value and tensor lies inside the file and no tensor overlaps another.
///
/// Bounds: counts are checked against the remaining bytes before anything is allocated for them;
/// keys and tensor names are the only texts created here.
final class GgufHeader {
  static final int MAGIC = 0x46554747;
  private static final int MAX_KEYS = 8192;
  private static final int MAX_TENSORS = 1 << 16;
  private static final int MAX_KEY = 1024;
  private static final int MAX_NAME = 256;
  private static final int MAX_RANK = 4;
  private static final long MAX_ALIGNMENT = 1 << 16;

  /// One tensor; shape outermost first; `offset` from the start of the data section.
  @SuppressWarnings("ArrayRecordComponent") // never leaves the package
  record Tensor(String name, GgmlType type, long[] shape, long offset, long bytes) {}

  private final Path file;
  private final MemorySegment whole;
  private final Map<String, Slot> slots = new LinkedHashMap<>();
  private final Map<String, Tensor> tensors = new LinkedHashMap<>();
  private long at;
  private long dataStart;

  private GgufHeader(Path file, MemorySegment whole) {
    this.file = file;
    this.whole = whole;
  }

  static GgufHeader parse(Path file, MemorySegment whole) {
    GgufHeader header = new GgufHeader(file, whole);
    header.read();
    return header;
  }

  Map<String, Tensor> tensors() {
    return tensors;
  }

  GgufMetadata metadata() {
    return new GgufMetadata(file, whole, slots);
  }

  MemorySegment data(Tensor tensor) {
    return whole.asSlice(dataStart + tensor.offset(), tensor.bytes());
  }

  private void read() {
    CorruptFileException.refuseOther(file, "GGUF", CorruptFileException.head(whole), FileKind.GGUF);
    int magic = nextInt("magic");
    int version = nextInt("version");
    require(magic == MAGIC, "file must begin with GGUF", "magic", Integer.toHexString(magic));
    require(version == 2 || version == 3, "version must be 2 or 3", "version", version);
    long tensorCount = nextCount("tensor count", MAX_TENSORS, 24);
    long keyCount = nextCount("key count", MAX_KEYS, 13);
    for (long i = 0; i < keyCount; i++) {
      readPair();
    }
    for (long i = 0; i < tensorCount; i++) {
      readTensor();
    }
    placeTensors(alignment());
  }

  private void readPair() {
    String key = nextText("key", MAX_KEY);
    Kind kind = nextKind(key);
    Slot slot = new Slot(kind, 1, at, false);
    if (kind == Kind.ARRAY) {
      Kind element = nextKind(key);
      require(element != Kind.ARRAY, "arrays must not nest", "key", key);
      long count = nextCount("array " + key, Long.MAX_VALUE, element.minBytes());
      slot = new Slot(element, count, at, true);
    }
    require(slots.put(key, slot) == null, "keys must be distinct", "key", key);
    skip(key, slot);
  }

  private void skip(String key, Slot slot) {
    if (slot.kind() == Kind.STRING) {
      for (long i = 0; i < slot.count(); i++) {
        long length = nextLong(key);
        take(key, length);
      }
    } else {
      take(key, slot.count() * slot.kind().minBytes());
    }
  }

  private void readTensor() {
    String name = nextText("tensor name", MAX_NAME);
    long rank = nextInt(name) & 0xffffffffL;
    require(rank >= 1 && rank <= MAX_RANK, "rank must be 1 to 4", "tensor", name, "rank", rank);
    long[] shape = new long[(int) rank];
    for (int i = shape.length - 1; i >= 0; i--) {
      shape[i] = nextLong(name);
      require(shape[i] > 0, "extents must be positive", "tensor", name, "extent", shape[i]);
    }
    int id = nextInt(name);
    GgmlType type =
        GgmlType.ofId(id)
            .orElseThrow(() ->
                new CorruptFileException(
                    file,
                    "type must be one of " + Arrays.toString(GgmlType.values()),
                    "tensor",
                    name,
                    "typeNumber",
                    id));
    long offset = nextLong(name);
    Tensor tensor = new Tensor(name, type, shape, offset, bytes(name, type, shape));
    require(tensors.put(name, tensor) == null, "tensors must be distinct", "tensor", name);
  }

  private long bytes(String name, GgmlType type, long[] shape) {
    long row = shape[shape.length - 1];
    require(
        row % type.blockElements() == 0,
        "rows must be whole blocks of %d".formatted(type.blockElements()),
        "tensor",
        name,
        "row",
        row);
    try {
      long elements = StoredTensor.elements(shape);
      Math.multiplyExact(elements, 4L);
      return type.bytes(elements);
    } catch (ArithmeticException e) {
      throw new CorruptFileException(
          file,
          "product of the shape must fit 61 bits",
          "tensor",
          name,
          "shape",
          Arrays.toString(shape));
    }
  }

  private long alignment() {
    long alignment = metadata().integer("general.alignment").orElse(32L);
    require(
        alignment >= 8 && alignment <= MAX_ALIGNMENT && Long.bitCount(alignment) == 1,
        "alignment must be a power of two from 8 to 65536",
        "general.alignment",
        alignment);
    return alignment;
  }

  /// Tensors follow each other in the order of the header, each padded to the alignment.
  private void placeTensors(long alignment) {
    dataStart = Math.ceilDiv(at, alignment) * alignment;
    long available = whole.byteSize() - dataStart;
    long next = 0;
    for (Tensor tensor : tensors.values()) {
      require(
          tensor.offset() == next,
          "tensors must follow each other without overlap or gap, aligned to " + alignment,
          "tensor",
          tensor.name(),
          "offset",
          tensor.offset(),
          "expected",
          next);
      require(
          tensor.bytes() <= available - next,
          "tensor must lie inside the file",
          "tensor",
          tensor.name(),
          "type",
          tensor.type(),
          "shape",
          Arrays.toString(tensor.shape()),
          "needs",
          tensor.bytes(),
          "dataBytes",
          available,
          "offset",
          next);
      next += Math.ceilDiv(tensor.bytes(), alignment) * alignment;
    }
  }

  private Kind nextKind(String key) {
    int number = nextInt(key);
    return Kind.ofNumber(number)
        .orElseThrow(() ->
            new CorruptFileException(
                file, "value type must be known", "key", key, "typeNumber", number));
  }

  private long nextCount(String what, long limit, int minBytes) {
    long count = nextLong(what);
    long room = (whole.byteSize() - at) / minBytes;
    require(
        count >= 0 && count <= Math.min(limit, room),
        what + " must be within its limit and the bytes that are left",
        "count",
        Long.toUnsignedString(count),
        "limit",
        limit,
        "room",
        room);
    return count;
  }

  private String nextText(String what, int limit) {
    long length = nextLong(what);
    require(
        length >= 0 && length <= limit,
        what + " must have at most %d bytes".formatted(limit),
        "bytes",
        Long.toUnsignedString(length));
    long start = take(what, length);
    return GgufMetadata.decode(file, what, whole.asSlice(start, length));
  }

  private int nextInt(String what) {
    return whole.get(LittleEndian.INT, take(what, 4));
  }

  private long nextLong(String what) {
    return whole.get(LittleEndian.LONG, take(what, 8));
  }

  private long take(String what, long bytes) {
    long start = at;
    require(
        bytes >= 0 && bytes <= whole.byteSize() - at,
        "file must not end inside a value",
        "in",
        what,
        "at",
        at,
        "needs",
        Long.toUnsignedString(bytes),
        "fileBytes",
        whole.byteSize());
    at += bytes;
    return start;
  }

  private void require(boolean holds, String rule, Object... namesAndValues) {
    if (!holds) {
      throw new CorruptFileException(file, rule, namesAndValues);
    }
  }
}
