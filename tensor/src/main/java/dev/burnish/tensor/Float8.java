package dev.burnish.tensor;

/// The two floating-point types of eight bits. E5M2 is the upper half of an F16. E4M3 has four bits
/// of exponent (bias 7) and three of mantissa, no infinity, and one NaN of each sign. Source:
/// Micikevicius et al. 2022, FP8 formats for deep learning.
public final class Float8 {
  private static final float[] E4M3 = e4m3Table();
  private static final int E4M3_NAN = 0x7f;

  private Float8() {}

  public static float ofE4m3(byte bits) {
    return E4M3[bits & 0xff];
  }

  public static float ofE5m2(byte bits) {
    return Float.float16ToFloat((short) (bits << 8));
  }

  /// Nearest E4M3, ties to even; NaN beyond the largest.
  public static byte toE4m3(float value) {
    int sign = Float.floatToRawIntBits(value) >>> 31 << 7;
    float size = Math.abs(value);
    if (!(size <= 464)) {
      return (byte) (sign | E4M3_NAN);
    }
    int below = 0;
    for (int step = 64; step > 0; step >>= 1) {
      int candidate = below + step;
      if (candidate < E4M3_NAN && E4M3[candidate] <= size) {
        below = candidate;
      }
    }
    if (below + 1 < E4M3_NAN) {
      float down = size - E4M3[below];
      float up = E4M3[below + 1] - size;
      below += up < down || (up == down && below % 2 == 1) ? 1 : 0;
    }
    return (byte) (sign | below);
  }

  /// Nearest E5M2, ties to even; infinity beyond the largest.
  public static byte toE5m2(float value) {
    int bits = Float.floatToRawIntBits(value);
    int sign = bits >>> 31 << 7;
    float size = Math.abs(value);
    if (Float.isNaN(value)) {
      return (byte) (sign | 0x7e);
    }
    int below = 0;
    for (int step = 64; step > 0; step >>= 1) {
      if (below + step < 0x7c && ofE5m2((byte) (below + step)) <= size) {
        below += step;
      }
    }
    float next = below + 1 < 0x7c ? ofE5m2((byte) (below + 1)) : 65536;
    float down = size - ofE5m2((byte) below);
    float up = next - size;
    below += up < down || (up == down && below % 2 == 1) ? 1 : 0;
    return (byte) (sign | below);
  }

  private static float[] e4m3Table() {
    float[] table = new float[256];
    for (int i = 0; i < 256; i++) {
      int exponent = (i >> 3) & 15;
      int mantissa = i & 7;
      float size =
          exponent == 0
              ? mantissa * 0x1p-9f
              : (8 + mantissa) * (float) Math.scalb(1.0, exponent - 10);
      float value = (i & 0x7f) == 0x7f ? Float.NaN : size;
      table[i] = i < 128 ? value : -value;
    }
    return table;
  }
}
