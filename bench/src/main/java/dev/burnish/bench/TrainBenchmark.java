package dev.burnish.bench;

import dev.burnish.bench.Workload.Figures;
import dev.burnish.observe.Benchmark;
import dev.burnish.observe.Measurement;
import java.util.List;
import java.util.function.Consumer;

/// `train`: supervised tokens per second compared with the limit of the matrix product, and peak
/// memory.
public final class TrainBenchmark implements Benchmark {
  /// Flops per token and parameter: a multiplication and an addition, forward and twice backward.
  private static final double FLOPS = 6;

  /// @param torchGigabytes peak of torch 2.15 eager with fused AdamW, recorded once
  private record Batch(int rows, int length, double torchGigabytes) {}

  @Override
  public String name() {
    return "train";
  }

  @Override
  public void run(Options options, Consumer<Measurement> out) {
    List<Batch> batches =
        switch (options.scale()) {
          case FULL -> List.of(new Batch(4, 256, 5.1), new Batch(4, 512, 8.1));
          case TINY -> List.of(new Batch(2, 8, 5.1));
        };
    for (Batch batch : batches) {
      measure(options, batch, false, out);
      measure(options, batch, true, out);
    }
  }

  private static void measure(
      Options options, Batch batch, boolean recompute, Consumer<Measurement> out) {
    Figures figures =
        Child.run(new TrainWorkload(options, batch.rows(), batch.length(), recompute, 3));
    String name =
        "train/%dx%d%s/%s"
            .formatted(
                batch.rows(), batch.length(), recompute ? " recomputing all" : "", figures.label());
    double floor = figures.median("sgemm") / (FLOPS * figures.median("parameters"));
    int tokens = batch.rows() * batch.length();
    out.accept(
        Measurement.of(
            name + "/speed",
            "tokens/s",
            floor,
            "sgemm over 6 x parameters",
            Timing.rates(tokens, figures.runs("seconds"))));
    if (figures.has("peak")) {
      out.accept(
          Measurement.of(
              name + "/peak memory",
              "GB",
              batch.torchGigabytes(),
              "torch 2.15 eager, recorded",
              figures.runs("peak")));
    }
  }
}
