package dev.burnish.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import jdk.incubator.vector.FloatVector;
import org.junit.jupiter.api.Test;

class LanesTest {
  @Test
  void sumsLanesInAFixedOrder() {
    float[] lanes = new float[Lanes.WIDTH];
    for (int i = 0; i < lanes.length; i++) {
      lanes[i] = (float) Math.sin(i + 1) * (i % 3 == 0 ? 1e6f : 1e-3f);
    }
    float[] tree = lanes.clone();
    for (int half = tree.length / 2; half > 0; half /= 2) {
      for (int i = 0; i < half; i++) {
        tree[i] += tree[i + half];
      }
    }
    for (int repeat = 0; repeat < 30_000; repeat++) {
      float sum = Lanes.sum(FloatVector.fromArray(Lanes.SPECIES, lanes, 0));
      assertThat(sum).isEqualTo(tree[0]);
    }
  }
}
