package dev.burnish.bench;

import dev.burnish.observe.Benchmark;
import dev.burnish.observe.Measurement;
import java.util.function.Consumer;

/// `sgemm`: our matrix product compared with libtorch's.
public final class SgemmBenchmark implements Benchmark {
  /// The first products run at the same time as their own compilation.
  private static final int WARMUPS = 20;

  @Override
  public String name() {
    return "sgemm";
  }

  @Override
  public void run(Options options, Consumer<Measurement> out) {
    for (Sgemm shape : Sgemm.shapes(options.scale())) {
      Sgemm.Speeds speeds = shape.measure(WARMUPS, 15);
      double rival = Measurement.median(speeds.libtorch());
      out.accept(
          Measurement.of("sgemm/" + shape, "GFLOP/s", rival, "libtorch mm", speeds.kernels()));
    }
  }
}
