package dev.burnish.bench;

import dev.burnish.kernel.Kernels;
import dev.burnish.kernel.Numerics;
import dev.burnish.kernel.Output;
import dev.burnish.observe.Benchmark.Scale;
import dev.burnish.observe.Measurement;
import dev.burnish.tensor.DType;
import dev.burnish.tensor.Device;
import dev.burnish.tensor.Libtorch;
import dev.burnish.tensor.Tensor;
import dev.burnish.tensor.TensorScope;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.bytedeco.openblas.global.openblas;

/// The floor of all work that multiplies matrices: single precision, all threads of the process, by
/// our kernels and by libtorch.
///
/// @param rows of the result, and so on: `[rows, inner] x [inner, cols]`
record Sgemm(int rows, int inner, int cols) {
  /// GFLOP/s of every run of each implementation.
  record Speeds(List<Double> kernels, List<Double> libtorch) {}

  /// A square product and the largest one of a GRPO step of the 135 M model.
  static List<Sgemm> shapes(Scale scale) {
    return switch (scale) {
      case FULL -> List.of(new Sgemm(2048, 2048, 2048), new Sgemm(2448, 576, 3072));
      case TINY -> List.of(new Sgemm(64, 64, 64));
    };
  }

  /// The speed of the best shape and implementation now, in flops per second. A workload samples it
  /// between its runs, and takes the median as its floor: both then saw the same machine.
  static double sample(Scale scale) {
    return 1e9
        * shapes(scale).stream()
            .map(shape -> shape.measure(1, 3))
            .flatMap(s -> Stream.of(s.kernels(), s.libtorch()))
            .mapToDouble(Measurement::median)
            .max()
            .orElseThrow();
  }

  /// Alternates between the two, so that both see the same machine.
  Speeds measure(int warmups, int runs) {
    try (TensorScope _ = TensorScope.open()) {
      Tensor x = filled(rows, inner);
      Tensor w = filled(cols, inner);
      Tensor out = Tensor.empty(DType.F32, Device.CPU, rows, cols);
      Kernels kernels = Kernels.of(Device.CPU);
      Tensor wT = w.transpose(0, 1);
      List<Double> ours = new ArrayList<>();
      List<Double> libtorch = new ArrayList<>();
      for (int i = 0; i < warmups + runs; i++) {
        double product =
            speed(() -> kernels.linear(x, w, null, out, Output.OVERWRITE, Numerics.FASTEST));
        double rival = withThreadsOfOpenBlas(() -> speed(() -> x.matmul(wT).close()));
        if (i >= warmups) {
          ours.add(product);
          libtorch.add(rival);
        }
      }
      return new Speeds(ours, libtorch);
    }
  }

  /// libtorch leaves its products to OpenBLAS, which this process otherwise calls on one thread.
  static <T> T withThreadsOfOpenBlas(Supplier<T> work) {
    openblas.blas_set_num_threads(Libtorch.threadsFromEnvironment());
    try {
      return work.get();
    } finally {
      openblas.blas_set_num_threads(1);
    }
  }

  private static Tensor filled(int rows, int cols) {
    return Tensor.empty(DType.F32, Device.CPU, rows, cols).fill_(0.5);
  }

  private double speed(Runnable product) {
    return 2e-9 * rows * inner * cols / Timing.seconds(0, 1, product).getFirst();
  }

  @Override
  public String toString() {
    return rows + "x" + inner + "x" + cols;
  }
}
