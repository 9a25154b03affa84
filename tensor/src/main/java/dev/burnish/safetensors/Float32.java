package dev.burnish.safetensors;

import dev.burnish.tensor.DType;
import dev.burnish.tensor.Float8;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.stream.LongStream;

/// Conversion of stored elements to F32 and back, on all cores for large inputs.
///
/// To F32: exact for F16, BF16, F8 and small integers, else rounded to nearest even. From F32 to
/// F16, BF16 and F8: round to nearest even, infinities and signs kept, overflow to infinity (to NaN
/// in E4M3, which has none), a NaN stays a (quiet) NaN. So a value that was decoded from a
/// floating-point type of at most 32 bits is encoded to the same bytes, except for the payload of a
/// NaN.
public final class Float32 {
  private static final int CHUNK = 1 << 16;

  /// Never started; stands for any other thread.
  private static final Thread STRANGER = Thread.ofPlatform().unstarted(() -> {});

  private Float32() {}

  /// Converts all elements of `source` to F32.
  ///
  /// @param source elements of type `dtype`
  /// @param destination four bytes for each of them
  public static void decode(DType dtype, MemorySegment source, MemorySegment destination) {
    long count = source.byteSize() / dtype.bytes();
    requireRoom(destination, count * Float.BYTES);
    if (dtype == DType.F32) {
      parallel(
          count,
          source,
          destination,
          (from, n) -> copyBytes(source, destination, from * 4L, n * 4L));
    } else {
      parallel(
          count,
          source,
          destination,
          (from, n) -> decodeChunk(dtype, source, destination, from, n));
    }
  }

  /// Converts F32 elements to `dtype`, which is of floating point.
  public static void encode(DType dtype, MemorySegment source, MemorySegment destination) {
    long count = source.byteSize() / Float.BYTES;
    requireRoom(destination, count * dtype.bytes());
    switch (dtype) {
      case F32 ->
          parallel(
              count,
              source,
              destination,
              (from, n) -> copyBytes(source, destination, from * 4L, n * 4L));
      case F16, BF16, F64, F8_E4M3, F8_E5M2 ->
          parallel(
              count,
              source,
              destination,
              (from, n) -> encodeChunk(dtype, source, destination, from, n));
      case I64, I32, I16, I8, U8, BOOL ->
          throw new IllegalArgumentException(
              "weights are stored in a type of floating point: dtype=%s; choose F32, F16 or BF16"
                  .formatted(dtype));
    }
  }

  /// Nearest BF16, ties to even.
  public static short toBf16(float value) {
    int bits = Float.floatToRawIntBits(value);
    if ((bits & 0x7fffffff) > 0x7f800000) {
      return (short) ((bits >>> 16) | 0x40);
    }
    return (short) ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16);
  }

  /// The value of a BF16.
  public static float ofBf16(short bits) {
    return Float.intBitsToFloat(bits << 16);
  }

  /// A piece of work over `count` elements from `from`.
  public interface Range {
    void apply(long from, int count);
  }

  /// Runs `work` over all of `count` elements in pieces of 65 536, on all cores if there are
  /// several pieces and other threads may access the memory.
  public static void parallel(
      long count, MemorySegment source, MemorySegment destination, Range work) {
    long chunks = (count + CHUNK - 1) / CHUNK;
    LongStream indices = LongStream.range(0, chunks);
    (chunks > 1 && isShared(source, destination) ? indices.parallel() : indices)
        .forEach(i -> work.apply(i * CHUNK, Math.toIntExact(Math.min(CHUNK, count - i * CHUNK))));
  }

  /// Whether threads other than this one may access both.
  public static boolean isShared(MemorySegment source, MemorySegment destination) {
    return source.isAccessibleBy(STRANGER) && destination.isAccessibleBy(STRANGER);
  }

  private static void copyBytes(MemorySegment source, MemorySegment destination, long at, long n) {
    MemorySegment.copy(source, at, destination, at, n);
  }

  private static void decodeChunk(
      DType dtype, MemorySegment source, MemorySegment destination, long from, int n) {
    float[] out = new float[n];
    switch (dtype) {
      case F16, BF16, I16 -> shorts(dtype, source, from, out);
      case F8_E4M3, F8_E5M2, I8, U8, BOOL -> bytes(dtype, source, from, out);
      case F32, F64, I32, I64 -> wide(dtype, source, from, out);
    }
    MemorySegment.copy(out, 0, destination, LittleEndian.FLOAT, from * Float.BYTES, n);
  }

  private static void shorts(DType dtype, MemorySegment source, long from, float[] out) {
    short[] raw = new short[out.length];
    MemorySegment.copy(source, LittleEndian.SHORT, from * Short.BYTES, raw, 0, raw.length);
    if (dtype == DType.F16) {
      for (int i = 0; i < raw.length; i++) {
        out[i] = Float.float16ToFloat(raw[i]);
      }
    } else if (dtype == DType.BF16) {
      for (int i = 0; i < raw.length; i++) {
        out[i] = ofBf16(raw[i]);
      }
    } else {
      for (int i = 0; i < raw.length; i++) {
        out[i] = raw[i];
      }
    }
  }

  private static void bytes(DType dtype, MemorySegment source, long from, float[] out) {
    for (int i = 0; i < out.length; i++) {
      byte raw = source.get(ValueLayout.JAVA_BYTE, from + i);
      out[i] =
          switch (dtype) {
            case F8_E4M3 -> Float8.ofE4m3(raw);
            case F8_E5M2 -> Float8.ofE5m2(raw);
            case I8 -> raw;
            case U8 -> raw & 0xff;
            case BOOL -> raw == 0 ? 0f : 1f;
            case F64, F32, F16, BF16, I64, I32, I16 -> throw new AssertionError(dtype);
          };
    }
  }

  private static void wide(DType dtype, MemorySegment source, long from, float[] out) {
    for (int i = 0; i < out.length; i++) {
      long at = (from + i) * dtype.bytes();
      out[i] =
          switch (dtype) {
            case F32 -> source.get(LittleEndian.FLOAT, at);
            case F64 -> (float) source.get(LittleEndian.DOUBLE, at);
            case I32 -> source.get(LittleEndian.INT, at);
            case I64 -> source.get(LittleEndian.LONG, at);
            case F16, BF16, F8_E4M3, F8_E5M2, I16, I8, U8, BOOL -> throw new AssertionError(dtype);
          };
    }
  }

  private static void encodeChunk(
      DType dtype, MemorySegment source, MemorySegment destination, long from, int n) {
    float[] in = new float[n];
    MemorySegment.copy(source, LittleEndian.FLOAT, from * Float.BYTES, in, 0, n);
    if (dtype == DType.F64) {
      for (int i = 0; i < n; i++) {
        destination.set(LittleEndian.DOUBLE, (from + i) * Double.BYTES, in[i]);
      }
    } else if (dtype.bytes() == 1) {
      for (int i = 0; i < n; i++) {
        byte bits = dtype == DType.F8_E4M3 ? Float8.toE4m3(in[i]) : Float8.toE5m2(in[i]);
        destination.set(ValueLayout.JAVA_BYTE, from + i, bits);
      }
    } else {
      short[] out = new short[n];
      for (int i = 0; i < n; i++) {
        out[i] = dtype == DType.F16 ? Float.floatToFloat16(in[i]) : toBf16(in[i]);
      }
      MemorySegment.copy(out, 0, destination, LittleEndian.SHORT, from * Short.BYTES, n);
    }
  }

  private static void requireRoom(MemorySegment destination, long bytes) {
    if (destination.byteSize() != bytes) {
      throw new IllegalArgumentException(
          "destination must be as large as the result: needs=%d, has=%d bytes"
              .formatted(bytes, destination.byteSize()));
    }
  }
}
