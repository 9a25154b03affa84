package dev.burnish.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.burnish.kernel.Kernels.SgdStep;
import dev.burnish.tensor.DType;
import dev.burnish.tensor.Device;
import dev.burnish.tensor.Tensor;
import dev.burnish.tensor.TensorScope;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SgdTest {
  private static final Kernels CPU = Kernels.of(Device.CPU);

  private static Tensor random(long seed, int... shape) {
    SplittableRandom random = new SplittableRandom(seed);
    int size = 1;
    long[] dims = new long[shape.length];
    for (int i = 0; i < shape.length; i++) {
      size *= shape[i];
      dims[i] = shape[i];
    }
    float[] values = new float[size];
    for (int i = 0; i < size; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return Tensor.of(values, dims);
  }

  @ParameterizedTest
  @CsvSource({"1, 0, false", "37, 0.9, false", "100003, 0.9, true", "16384, 0.5, true"})
  void sgdFollowsTheReference(int size, double momentum, boolean nesterov) {
    try (TensorScope _ = TensorScope.open()) {
      SgdStep step = new SgdStep(0.1, momentum, nesterov, 0.01, 0.5);
      Tensor[] results = new Tensor[2];
      for (int side = 0; side < 2; side++) {
        Tensor p = random(1, size);
        Tensor m = momentum == 0 ? Tensor.zeros(DType.F32, Device.CPU, 0) : random(2, size);
        for (int repeat = 0; repeat < 3; repeat++) {
          (side == 0 ? CPU : Kernels.reference()).sgd(step, p, random(3 + repeat, size), m);
        }
        results[side] = p;
      }
      float[] actual = results[0].toFloatArray();
      float[] expected = results[1].toFloatArray();
      for (int i = 0; i < size; i++) {
        assertThat(actual[i]).isCloseTo(expected[i], within(2e-6f * (1 + Math.abs(expected[i]))));
      }
    }
  }
}
