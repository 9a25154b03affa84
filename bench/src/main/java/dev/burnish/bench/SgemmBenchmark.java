package dev.burnish.bench;

import dev.burnish.kernel.WeightFormat;
import dev.burnish.observe.Benchmark;
import dev.burnish.observe.Measurement;
import java.util.List;
import java.util.function.Consumer;

/// `sgemm`: our matrix products compared with libtorch's, and those of a step of generation with
/// the limit: the larger of the time that the bytes of the weights take and that of the operations.
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
    double flops = Sgemm.sample(options.scale()) / 1e9;
    double bandwidth = Bandwidth.floor(options.scale()) / 1e9;
    try (DecodeProducts products = new DecodeProducts(options.scale())) {
      for (int rows : DecodeProducts.rows(options.scale())) {
        int runs = rows < 24 ? 12 : 6;
        String what = "/decode x " + rows;
        List<Double> rival = products.libtorch(rows, Math.max(3, runs / 3));
        for (WeightFormat format : WeightFormat.values()) {
          List<Double> ours = products.kernels(format, rows, runs);
          double limit = Math.min(flops, 2.0 * rows / format.bytes() * bandwidth);
          out.accept(
              Measurement.of(
                  "sgemm/" + format + what,
                  "GFLOP/s",
                  limit,
                  "the least of sgemm and of bandwidth over the bytes of the weights",
                  ours));
        }
        out.accept(
            Measurement.of(
                "sgemm/libtorch" + what,
                "GFLOP/s",
                Math.min(flops, rows / 2.0 * bandwidth),
                "the least of sgemm and of bandwidth over the bytes of the weights",
                rival));
      }
    }
  }
}
