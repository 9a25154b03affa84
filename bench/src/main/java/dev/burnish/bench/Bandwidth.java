package dev.burnish.bench;

import dev.burnish.observe.Benchmark.Scale;
import dev.burnish.observe.Measurement;
import dev.burnish.tensor.DType;
import dev.burnish.tensor.Device;
import dev.burnish.tensor.Libtorch;
import dev.burnish.tensor.Tensor;
import dev.burnish.tensor.TensorScope;
import java.util.List;

/// The floor of all work that reads more than the caches hold: libtorch's sum of a large tensor.
final class Bandwidth {
  private Bandwidth() {}

  /// Bytes of a tensor that no cache holds.
  private static long bytes(Scale scale) {
    return switch (scale) {
      case FULL -> 1L << 30;
      case TINY -> 1L << 20;
    };
  }

  /// The median bytes per second with all threads of the process.
  static double floor(Scale scale) {
    return 1e9 * Measurement.median(read(scale, Libtorch.threadsFromEnvironment()));
  }

  /// GB/s of every run of reading.
  static List<Double> read(Scale scale, int threads) {
    long bytes = bytes(scale);
    Libtorch.setNumThreads(threads);
    try (Tensor data = Tensor.empty(DType.F32, Device.CPU, bytes / 4)) {
      data.fill_(0.5);
      return Timing.rates(bytes / 1e9, Timing.seconds(2, 7, () -> data.sum().close()));
    } finally {
      Libtorch.setNumThreads(Libtorch.threadsFromEnvironment());
    }
  }

  /// GB/s of every run of copying, the bytes counted once.
  static List<Double> copy(Scale scale) {
    long bytes = bytes(scale);
    try (TensorScope _ = TensorScope.open()) {
      Tensor from = Tensor.empty(DType.F32, Device.CPU, bytes / 4).fill_(0.5);
      Tensor to = Tensor.empty(DType.F32, Device.CPU, bytes / 4).zero_();
      return Timing.rates(bytes / 1e9, Timing.seconds(2, 7, () -> to.copy_(from)));
    }
  }
}
