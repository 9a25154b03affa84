package dev.burnish.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

class Float8Test {
  @Test
  void everyValueIsReadAndWrittenUnchanged() {
    for (int bits = 0; bits < 256; bits++) {
      if (!Float.isNaN(Float8.ofE4m3((byte) bits))) {
        assertThat(Float8.toE4m3(Float8.ofE4m3((byte) bits))).isEqualTo((byte) bits);
      }
      if (Float.isFinite(Float8.ofE5m2((byte) bits))) {
        assertThat(Float8.toE5m2(Float8.ofE5m2((byte) bits))).isEqualTo((byte) bits);
      }
    }
  }

  @Test
  void roundsToTheNearestAndTiesToEven() {
    Random random = new Random(5);
    for (int i = 0; i < 20_000; i++) {
      float value = (float) (random.nextGaussian() * Math.scalb(1.0, random.nextInt(18) - 10));
      requireNearest(value, 448, Float8.ofE4m3(Float8.toE4m3(value)), Float8::ofE4m3);
      requireNearest(value, 57344, Float8.ofE5m2(Float8.toE5m2(value)), Float8::ofE5m2);
    }
    assertThat(Float8.ofE4m3(Float8.toE4m3(1.0625f))).isEqualTo(1f);
    assertThat(Float8.ofE4m3(Float8.toE4m3(1.1875f))).isEqualTo(1.25f);
    assertThat(Float8.ofE5m2(Float8.toE5m2(1.125f))).isEqualTo(1f);
    assertThat(Float8.ofE5m2(Float8.toE5m2(-1.375f))).isEqualTo(-1.5f);
  }

  private interface Reader {
    float read(byte bits);
  }

  private static void requireNearest(float value, float largest, float rounded, Reader reader) {
    if (Math.abs(value) > largest) {
      return;
    }
    for (int bits = 0; bits < 256; bits++) {
      float other = reader.read((byte) bits);
      if (Float.isFinite(other)) {
        assertThat(Math.abs(rounded - value)).isLessThanOrEqualTo(Math.abs(other - value));
      }
    }
  }

  @Test
  void overflowsAsEachTypeSays() {
    assertThat(Float8.toE4m3(464)).isEqualTo((byte) 0x7e);
    assertThat(Float8.toE4m3(465)).isEqualTo((byte) 0x7f);
    assertThat(Float8.toE4m3(Float.NEGATIVE_INFINITY)).isEqualTo((byte) 0xff);
    assertThat(Float8.ofE5m2(Float8.toE5m2(61439))).isEqualTo(57344);
    assertThat(Float8.ofE5m2(Float8.toE5m2(61440))).isEqualTo(Float.POSITIVE_INFINITY);
    assertThat(Float8.ofE5m2(Float8.toE5m2(Float.NaN))).isNaN();
  }
}
