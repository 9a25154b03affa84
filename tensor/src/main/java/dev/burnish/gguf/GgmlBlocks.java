package dev.burnish.gguf;

/// De-quantisation, bit for bit as the reference implementation does it (no fused multiply-add).
///
/// Layouts: a block of 32 has an F16 scale `d`, for the `_1` kinds an F16 minimum `m`, for the
/// 5-bit kinds 32 high bits, then the quants: element i in the low, element i + 16 in the high half
/// of byte i. A super-block of 256 (the `_K` kinds) has sub-blocks with integer scales under one or
/// two F16 scales. Source: ggml-quants.c of ggml-org/llama.cpp.
final class GgmlBlocks {
  /// Adding it changes no value, not even the sign of zero.
  private static final float NONE = -0f;

  private GgmlBlocks() {}

  /// Decodes whole blocks of a quantised type.
  static void decode(GgmlType type, byte[] raw, float[] out) {
    int blocks = out.length / type.blockElements();
    int step = raw.length / blocks;
    for (int b = 0; b < blocks; b++) {
      int at = b * step;
      int to = b * type.blockElements();
      switch (type) {
        case Q4_0 -> fourBits(raw, at + 2, out, to, half(raw, at), -8, NONE);
        case Q4_1 -> fourBits(raw, at + 4, out, to, half(raw, at), 0, half(raw, at + 2));
        case Q5_0 -> fiveBits(raw, at + 2, out, to, half(raw, at), -16, NONE);
        case Q5_1 -> fiveBits(raw, at + 4, out, to, half(raw, at), 0, half(raw, at + 2));
        case Q8_0 -> eightBits(raw, at, out, to);
        case Q4_K -> superBlock(raw, at, out, to, false);
        case Q5_K -> superBlock(raw, at, out, to, true);
        case Q6_K -> sixBits(raw, at, out, to);
        case F32, F16, BF16 -> throw new IllegalArgumentException("not quantised: type=" + type);
      }
    }
  }

  /// Encodes blocks of 32 as Q8_0: scale = largest magnitude / 127, quants rounded half away from
  /// zero.
  static void encodeQ8(float[] in, byte[] out) {
    for (int block = 0; block < in.length / 32; block++) {
      float largest = 0;
      for (int i = 0; i < 32; i++) {
        largest = Math.max(largest, Math.abs(in[block * 32 + i]));
      }
      float scale = largest / 127;
      float inverse = scale == 0 ? 0 : 1 / scale;
      short half = Float.floatToFloat16(scale);
      int at = block * 34;
      out[at] = (byte) half;
      out[at + 1] = (byte) (half >> 8);
      for (int i = 0; i < 32; i++) {
        float value = in[block * 32 + i] * inverse;
        float whole = (float) Math.floor(Math.abs(value));
        float size = whole + (Math.abs(value) - whole >= 0.5f ? 1 : 0);
        out[at + 2 + i] = (byte) Math.copySign(size, value);
      }
    }
  }

  private static void fourBits(
      byte[] raw, int quants, float[] out, int to, float scale, int shift, float minimum) {
    for (int i = 0; i < 16; i++) {
      int pair = raw[quants + i];
      out[to + i] = scale * ((pair & 15) + shift) + minimum;
      out[to + 16 + i] = scale * (((pair >> 4) & 15) + shift) + minimum;
    }
  }

  private static void fiveBits(
      byte[] raw, int high, float[] out, int to, float scale, int shift, float minimum) {
    int bits =
        (raw[high] & 255)
            | ((raw[high + 1] & 255) << 8)
            | ((raw[high + 2] & 255) << 16)
            | (raw[high + 3] << 24);
    for (int i = 0; i < 16; i++) {
      int pair = raw[high + 4 + i];
      int low = (pair & 15) | (((bits >>> i) & 1) << 4);
      int top = ((pair >> 4) & 15) | (((bits >>> (i + 16)) & 1) << 4);
      out[to + i] = scale * (low + shift) + minimum;
      out[to + 16 + i] = scale * (top + shift) + minimum;
    }
  }

  private static void eightBits(byte[] raw, int at, float[] out, int to) {
    float scale = half(raw, at);
    for (int i = 0; i < 32; i++) {
      out[to + i] = raw[at + 2 + i] * scale;
    }
  }

  /// Q4_K and Q5_K: d, dmin, 8 scales and 8 minimums of 6 bits in 12 bytes, high bits, low bits.
  private static void superBlock(byte[] raw, int at, float[] out, int to, boolean fifthBit) {
    float scale = half(raw, at);
    float minimum = half(raw, at + 2);
    int scales = at + 4;
    int high = at + 16;
    int quants = fifthBit ? at + 48 : at + 16;
    for (int sub = 0; sub < 8; sub++) {
      float d = scale * sixBitScale(raw, scales, sub);
      float m = minimum * sixBitMinimum(raw, scales, sub);
      for (int i = 0; i < 32; i++) {
        int q = (raw[quants + sub / 2 * 32 + i] >> ((sub & 1) * 4)) & 15;
        int top = fifthBit ? ((raw[high + i] >> sub) & 1) << 4 : 0;
        out[to + sub * 32 + i] = d * (q | top) - m;
      }
    }
  }

  private static int sixBitScale(byte[] raw, int scales, int sub) {
    return sub < 4
        ? raw[scales + sub] & 63
        : (raw[scales + 4 + sub] & 15) | ((raw[scales + sub - 4] >> 2) & 48);
  }

  private static int sixBitMinimum(byte[] raw, int scales, int sub) {
    return sub < 4
        ? raw[scales + 4 + sub] & 63
        : ((raw[scales + 4 + sub] >> 4) & 15) | ((raw[scales + sub] >> 2) & 48);
  }

  /// 128 bytes of low halves, 64 of high quarters, 16 signed scales, d. Each 128 elements in 4
  /// runs.
  private static void sixBits(byte[] raw, int at, float[] out, int to) {
    float scale = half(raw, at + 208);
    for (int run = 0; run < 8; run++) {
      int part = run / 4;
      int quarter = run % 4;
      int low = at + part * 64 + (quarter & 1) * 32;
      int high = at + 128 + part * 32;
      for (int i = 0; i < 32; i++) {
        float d = scale * raw[at + 192 + run * 2 + i / 16];
        int q =
            ((raw[low + i] >> ((quarter >> 1) * 4)) & 15)
                | (((raw[high + i] >> (quarter * 2)) & 3) << 4);
        out[to + run * 32 + i] = d * (q - 32);
      }
    }
  }

  private static float half(byte[] raw, int at) {
    return Float.float16ToFloat((short) ((raw[at] & 255) | (raw[at + 1] << 8)));
  }
}
