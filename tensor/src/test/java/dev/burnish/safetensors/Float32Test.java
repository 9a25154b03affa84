package dev.burnish.safetensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.tensor.DType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.math.BigDecimal;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class Float32Test {
  @Test
  void everyBf16IsItsOwnNearestBf16() {
    for (int bits = 0; bits < 1 << 16; bits++) {
      float value = Float32.ofBf16((short) bits);
      if (!Float.isNaN(value)) {
        assertThat(Float32.toBf16(value)).isEqualTo((short) bits);
      }
    }
  }

  @Test
  void roundsToTheNearestBf16AndTiesToEven() {
    Random random = new Random(11);
    for (int i = 0; i < 100_000; i++) {
      float value = Float.intBitsToFloat(random.nextInt());
      if (Float.isNaN(value) || Math.abs(value) > 3e38f) {
        continue;
      }
      int truncated = Float.floatToRawIntBits(value) >>> 16;
      BigDecimal low = new BigDecimal(Float32.ofBf16((short) truncated));
      BigDecimal high = new BigDecimal(Float32.ofBf16((short) (truncated + 1)));
      BigDecimal exact = new BigDecimal(value);
      int side = exact.subtract(low).abs().compareTo(high.subtract(exact).abs());
      int expected = side == 0 ? truncated + (truncated & 1) : side < 0 ? truncated : truncated + 1;
      assertThat(Float32.toBf16(value)).as("value %s", value).isEqualTo((short) expected);
    }
  }

  @Test
  void bf16KeepsTiesInfinitiesAndNan() {
    assertThat(Float32.toBf16(Float.intBitsToFloat(0x3f808000))).isEqualTo((short) 0x3f80);
    assertThat(Float32.toBf16(Float.intBitsToFloat(0x3f818000))).isEqualTo((short) 0x3f82);
    assertThat(Float32.toBf16(Float.MAX_VALUE)).isEqualTo((short) 0x7f80);
    assertThat(Float32.toBf16(Float.NEGATIVE_INFINITY)).isEqualTo((short) 0xff80);
    assertThat(Float32.ofBf16(Float32.toBf16(Float.intBitsToFloat(0x7f800001)))).isNaN();
    assertThat(Float32.ofBf16(Float32.toBf16(Float.intBitsToFloat(0xffffffff)))).isNaN();
  }

  @Test
  void decodesEveryTypeToItsValue() {
    assertThat(decoded(DType.F16, 0x00, 0x3c, 0x00, 0xfc, 0x01, 0x00))
        .containsExactly(1f, Float.NEGATIVE_INFINITY, 0x1p-24f);
    assertThat(decoded(DType.BF16, 0x80, 0x3f, 0x49, 0x40)).containsExactly(1f, 3.140625f);
    assertThat(decoded(DType.F64, 0, 0, 0, 0, 0, 0, 0xf0, 0xbf)).containsExactly(-1f);
    assertThat(decoded(DType.F8_E5M2, 0x3c, 0x7c, 0x01)).containsExactly(1f, 1f / 0f, 0x1p-16f);
    assertThat(decoded(DType.F8_E4M3, 0x38, 0x7e, 0x01, 0x80, 0x7f, 0xfe, 0x08))
        .containsExactly(1f, 448f, 0x1p-9f, -0f, Float.NaN, -448f, 0x1p-6f);
    assertThat(decoded(DType.I8, 0x80, 0x7f)).containsExactly(-128f, 127f);
    assertThat(decoded(DType.U8, 0x80, 0xff)).containsExactly(128f, 255f);
    assertThat(decoded(DType.BOOL, 0, 1)).containsExactly(0f, 1f);
    assertThat(decoded(DType.I16, 0xff, 0xff)).containsExactly(-1f);
    assertThat(decoded(DType.I32, 0, 0, 0, 0x80)).containsExactly(-0x1p31f);
    assertThat(decoded(DType.I64, 1, 0, 0, 1, 0, 0, 0, 0)).containsExactly(0x1p24f);
  }

  @Test
  void convertsManyPiecesAsItDoesOne() {
    int count = 3 * 65_536 + 17;
    float[] values = new float[count];
    Random random = new Random(5);
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    for (DType dtype : new DType[] {DType.F16, DType.BF16, DType.F32}) {
      MemorySegment stored = MemorySegment.ofArray(new byte[count * dtype.bytes()]);
      Float32.encode(dtype, MemorySegment.ofArray(values), stored);
      float[] back = new float[count];
      Float32.decode(dtype, stored, MemorySegment.ofArray(back));
      for (int i = 0; i < count; i++) {
        float expected =
            switch (dtype) {
              case F16 -> Float.float16ToFloat(Float.floatToFloat16(values[i]));
              case BF16 -> Float32.ofBf16(Float32.toBf16(values[i]));
              default -> values[i];
            };
        assertThat(back[i]).isEqualTo(expected);
      }
    }
  }

  @Test
  void fillsMemoryThatOnlyThisThreadMayAccess() {
    try (Arena arena = Arena.ofConfined()) {
      int count = 200_000;
      MemorySegment out = arena.allocate(4L * count, 4);
      byte[] ones = new byte[count];
      Arrays.fill(ones, (byte) 1);
      Float32.decode(DType.I8, MemorySegment.ofArray(ones), out);
      assertThat(out.getAtIndex(ValueLayout.JAVA_FLOAT, count - 1)).isEqualTo(1f);
    }
  }

  @Test
  void refusesADestinationOfAnotherSizeAndTypesThatHoldNoWeights() {
    MemorySegment four = MemorySegment.ofArray(new float[4]);
    assertThatThrownBy(() -> Float32.decode(DType.F32, four, MemorySegment.ofArray(new float[3])))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("needs=16, has=12");
    assertThatThrownBy(() -> Float32.encode(DType.I8, four, MemorySegment.ofArray(new byte[4])))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("dtype=I8");
  }

  private static float[] decoded(DType dtype, int... bytes) {
    byte[] raw = new byte[bytes.length];
    for (int i = 0; i < raw.length; i++) {
      raw[i] = (byte) bytes[i];
    }
    float[] out = new float[raw.length / dtype.bytes()];
    Float32.decode(dtype, MemorySegment.ofArray(raw), MemorySegment.ofArray(out));
    return out;
  }
}
