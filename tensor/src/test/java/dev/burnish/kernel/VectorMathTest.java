package dev.burnish.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.SplittableRandom;
import jdk.incubator.vector.FloatVector;
import org.junit.jupiter.api.Test;

/// The vector functions against the scalar ones of the platform.
class VectorMathTest {
  private static float[] exp(float... values) {
    float[] lanes = java.util.Arrays.copyOf(values, Lanes.WIDTH);
    return VectorMath.exp(FloatVector.fromArray(Lanes.SPECIES, lanes, 0)).toArray();
  }

  private static float[] log(float... values) {
    float[] lanes = java.util.Arrays.copyOf(values, Lanes.WIDTH);
    java.util.Arrays.fill(lanes, values.length, Lanes.WIDTH, 1);
    return VectorMath.log(FloatVector.fromArray(Lanes.SPECIES, lanes, 0)).toArray();
  }

  @Test
  void exponentialIsWithinTwoUnits() {
    SplittableRandom random = new SplittableRandom(3);
    for (int i = 0; i < 200_000; i++) {
      float x = (float) (random.nextDouble() * 175 - 87);
      float expected = (float) Math.exp(x);
      assertThat(exp(x)[0]).isCloseTo(expected, within(2 * Math.ulp(expected)));
    }
  }

  @Test
  void exponentialHasItsLimits() {
    float[] limits = exp(0, Float.NEGATIVE_INFINITY, -100, Float.NaN);
    assertThat(limits[0]).isEqualTo(1);
    assertThat(limits[1]).isZero();
    assertThat(limits[2]).isZero();
    assertThat(limits[3]).isNaN();
    assertThat(exp(200)[0]).isGreaterThan(1e38f);
  }

  @Test
  void logarithmIsWithinTwoUnits() {
    SplittableRandom random = new SplittableRandom(4);
    for (int i = 0; i < 200_000; i++) {
      float x = (float) Math.exp(random.nextDouble() * 170 - 86);
      float expected = (float) Math.log(x);
      assertThat(log(x)[0])
          .isCloseTo(expected, within(2 * Math.ulp(Math.max(Math.abs(expected), 0.1f))));
    }
    assertThat(log(1)[0]).isZero();
  }
}
