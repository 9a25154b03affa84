package dev.burnish.safetensors;

import dev.burnish.content.FileKind;
import dev.burnish.tensor.DType;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;

/// Parses and validates the header of a safetensors file: eight bytes of length, that much JSON,
/// then the data section. After this every entry lies inside the data section, none overlaps
/// another, and no byte of the section is without an owner.
///
/// Bounds: the header is at most 16 MiB and has at most 65 536 tensors of rank 64, so that a
/// hostile file is refused before large allocations. Elements must be aligned within the data
/// section; the section itself need not be (older writers do not pad the header).
final class SafetensorsHeader {
  static final long MAX_HEADER = 16L << 20;
  static final int MAX_TENSORS = 1 << 16;
  private static final int MAX_RANK = 64;
  private static final int MAX_METADATA = 1 << 16;

  /// One tensor; `begin` and `end` count from the start of the data section.
  @SuppressWarnings("ArrayRecordComponent") // never leaves the package
  record Entry(String name, DType dtype, long[] shape, long begin, long end) {}

  private final Path file;
  private final Map<String, Entry> entries = new LinkedHashMap<>();
  private final Map<String, String> metadata = new LinkedHashMap<>();
  private final long dataStart;

  private SafetensorsHeader(Path file, long dataStart) {
    this.file = file;
    this.dataStart = dataStart;
  }

  /// @param whole the whole file
  static SafetensorsHeader parse(Path file, MemorySegment whole) {
    CorruptFileException.refuseOther(
        file, "safetensors", CorruptFileException.head(whole), FileKind.SAFETENSORS);
    if (whole.byteSize() < 8) {
      throw new CorruptFileException(
          file, "a safetensors file has at least 8 bytes", "bytes", whole.byteSize());
    }
    long length = whole.get(LittleEndian.LONG, 0);
    long limit = Math.min(MAX_HEADER, whole.byteSize() - 8);
    if (length < 2 || length > limit) {
      throw new CorruptFileException(
          file,
          "header length must be at least 2, at most 16 MiB and inside the file",
          "length",
          Long.toUnsignedString(length),
          "fileBytes",
          whole.byteSize());
    }
    SafetensorsHeader header = new SafetensorsHeader(file, 8 + length);
    header.read(whole.asSlice(8, length).asByteBuffer());
    header.requireExactCover(whole.byteSize() - header.dataStart);
    return header;
  }

  Map<String, Entry> entries() {
    return entries;
  }

  Map<String, String> metadata() {
    return metadata;
  }

  /// Offset of the data section in the file.
  long dataStart() {
    return dataStart;
  }

  private void read(ByteBuffer json) {
    if (json.get(0) != '{' || json.get(1) == 0) {
      throw new CorruptFileException(
          file, "header must begin with '{', in UTF-8", "found", json.get(0));
    }
    try (JsonParser parser =
        StrictJson.FACTORY.createParser(ObjectReadContext.empty(), new Bytes(json))) {
      parser.nextToken();
      while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
        String name = parser.currentName();
        if (name.equals("__metadata__")) {
          readMetadata(parser);
        } else {
          readEntry(parser, name);
        }
      }
      if (parser.nextToken() != null) {
        throw new CorruptFileException(file, "only spaces may follow the header object");
      }
    } catch (JacksonException e) {
      throw StrictJson.corrupt(file, e);
    }
  }

  private void readMetadata(JsonParser parser) {
    require(parser.nextToken() == JsonToken.START_OBJECT, "__metadata__", "must be an object");
    while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
      String key = parser.currentName();
      require(parser.nextToken() == JsonToken.VALUE_STRING, "__metadata__", "maps to texts only");
      require(metadata.size() < MAX_METADATA, "__metadata__", "has at most 65536 entries");
      metadata.put(key, parser.getString());
    }
  }

  private void readEntry(JsonParser parser, String name) {
    require(entries.size() < MAX_TENSORS, name, "is beyond the limit of 65536 tensors");
    require(parser.nextToken() == JsonToken.START_OBJECT, name, "must be an object");
    Optional<DType> dtype = Optional.empty();
    Optional<long[]> shape = Optional.empty();
    Optional<long[]> offsets = Optional.empty();
    while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
      switch (parser.currentName()) {
        case "dtype" -> dtype = Optional.of(readType(parser, name));
        case "shape" -> shape = Optional.of(readLongs(parser, name, MAX_RANK));
        case "data_offsets" -> offsets = Optional.of(readLongs(parser, name, 2));
        default ->
            throw new CorruptFileException(
                file,
                "a tensor has dtype, shape and data_offsets only",
                "tensor",
                name,
                "key",
                parser.currentName());
      }
    }
    require(dtype.isPresent() && shape.isPresent(), name, "must have dtype and shape");
    require(offsets.isPresent() && offsets.get().length == 2, name, "must have two data_offsets");
    long[] range = offsets.get();
    Entry entry = new Entry(name, dtype.get(), shape.get(), range[0], range[1]);
    requireSize(entry);
    entries.put(name, entry);
  }

  private DType readType(JsonParser parser, String tensor) {
    require(parser.nextToken() == JsonToken.VALUE_STRING, tensor, "must name its dtype");
    String name = parser.getString();
    return DType.ofName(name)
        .filter(type -> type.name().equals(name))
        .orElseThrow(() ->
            new CorruptFileException(
                file,
                "dtype must be one of " + Arrays.toString(DType.values()),
                "tensor",
                tensor,
                "dtype",
                name));
  }

  private long[] readLongs(JsonParser parser, String tensor, int limit) {
    require(parser.nextToken() == JsonToken.START_ARRAY, tensor, "must have arrays of integers");
    long[] values = new long[2];
    int count = 0;
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      if (count == limit) {
        throw new CorruptFileException(
            file, "array must have at most %d values".formatted(limit), "tensor", tensor);
      }
      boolean integral = parser.currentToken() == JsonToken.VALUE_NUMBER_INT;
      require(integral, tensor, "must have arrays of integers");
      values = count < values.length ? values : Arrays.copyOf(values, 2 * count);
      values[count] = parser.getLongValue();
      require(values[count] >= 0, tensor, "must not have negative sizes or offsets");
      count++;
    }
    return count == values.length ? values : Arrays.copyOf(values, count);
  }

  private void requireSize(Entry entry) {
    long bytes;
    try {
      bytes =
          Math.multiplyExact(StoredTensor.elements(entry.shape()), (long) entry.dtype().bytes());
    } catch (ArithmeticException e) {
      throw refuse(entry, "product of the shape must fit 63 bits");
    }
    if (entry.begin() > entry.end() || entry.end() - entry.begin() != bytes) {
      throw refuse(entry, "data_offsets must span exactly the bytes of dtype and shape");
    }
    if (entry.begin() % entry.dtype().bytes() != 0) {
      throw refuse(entry, "data must be aligned to its element size");
    }
  }

  private void requireExactCover(long dataBytes) {
    List<Entry> sorted = new ArrayList<>(entries.values());
    sorted.sort(Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end));
    long next = 0;
    for (Entry entry : sorted) {
      if (entry.end() > dataBytes) {
        throw refuse(entry, "tensor must lie inside the %d bytes of data".formatted(dataBytes));
      }
      if (entry.begin() != next) {
        throw refuse(
            entry,
            "tensors must follow each other without %s (expected begin %d)"
                .formatted(entry.begin() < next ? "overlap" : "gap", next));
      }
      next = entry.end();
    }
    if (next != dataBytes) {
      throw new CorruptFileException(
          file, "file must end with its last tensor", "lastEnd", next, "dataBytes", dataBytes);
    }
  }

  private CorruptFileException refuse(Entry entry, String rule) {
    return new CorruptFileException(
        file,
        rule,
        "tensor",
        entry.name(),
        "dtype",
        entry.dtype(),
        "shape",
        Arrays.toString(entry.shape()),
        "begin",
        entry.begin(),
        "end",
        entry.end());
  }

  private void require(boolean holds, String tensor, String rule) {
    if (!holds) {
      throw new CorruptFileException(file, "entry " + rule, "tensor", tensor);
    }
  }

  /// The header without a copy of it.
  private static final class Bytes extends InputStream {
    private final ByteBuffer buffer;

    Bytes(ByteBuffer buffer) {
      this.buffer = buffer;
    }

    @Override
    public int read() {
      return buffer.hasRemaining() ? buffer.get() & 0xff : -1;
    }

    @Override
    public int read(byte[] into, int offset, int length) {
      int count = Math.min(length, buffer.remaining());
      buffer.get(into, offset, count);
      return count == 0 && length > 0 ? -1 : count;
    }
  }
}
