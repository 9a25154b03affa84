package dev.burnish.bench;

import dev.burnish.bench.Workload.Figures;
import dev.burnish.observe.Benchmark;
import dev.burnish.observe.Measurement;
import java.util.function.Consumer;

/// `generate-trace`, and `generate --trace`: tokens per second of about 500 samples whose lengths
/// have a long tail, beside the same in batches that wait for their longest.
public final class TraceBenchmark implements Benchmark {
  @Override
  public String name() {
    return "generate-trace";
  }

  @Override
  public void run(Options options, Consumer<Measurement> out) {
    TraceWorkload workload =
        switch (options.scale()) {
          case FULL -> new TraceWorkload(options, 63, 8, 32);
          case TINY -> new TraceWorkload(options, 4, 2, 4);
        };
    Figures figures = Child.run(workload);
    double tokens = figures.median("tokens");
    out.accept(
        Measurement.of(
            "generate-trace/%d x %d/%s"
                .formatted(workload.prompts(), workload.samples(), figures.label()),
            "tokens/s",
            tokens / figures.median("batches"),
            "batches of " + workload.concurrent(),
            Timing.rates(tokens, figures.runs("continuous"))));
  }
}
