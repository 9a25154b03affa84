package dev.burnish.kernel;

import dev.burnish.tensor.DType;
import dev.burnish.tensor.Device;
import dev.burnish.tensor.Tensor;
import dev.burnish.tensor.TensorScope;
import jdk.incubator.vector.FloatVector;

/// The peak performance of this process: the limit that figures are compared with.
public final class Calibration {
  private Calibration() {}

  /// Speed of a square single-precision matrix product with the threads of this process, the best
  /// of a dozen runs, in GFLOP/s. Takes about half a second.
  public static double sgemmGflops() {
    return sgemmGflops(12);
  }

  /// Bits of the vectors that kernels use.
  public static int vectorBits() {
    return FloatVector.SPECIES_PREFERRED.vectorBitSize();
  }

  /// The best of some runs; one takes about 20 ms.
  public static double sgemmGflops(int runs) {
    int size = 1024;
    Kernels kernels = Kernels.of(Device.CPU);
    try (TensorScope _ = TensorScope.open()) {
      Tensor a = Tensor.empty(DType.F32, Device.CPU, size, size).fill_(0.5);
      Tensor b = Tensor.empty(DType.F32, Device.CPU, size, size).fill_(0.5);
      Tensor c = Tensor.empty(DType.F32, Device.CPU, size, size);
      long best = Long.MAX_VALUE;
      for (int run = 0; run < runs; run++) {
        long start = System.nanoTime();
        kernels.linear(a, b, null, c, Output.OVERWRITE, Numerics.FASTEST);
        best = Math.min(best, System.nanoTime() - start);
      }
      return 2.0 * size * size * size / best;
    }
  }
}
