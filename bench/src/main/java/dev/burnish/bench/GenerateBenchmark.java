package dev.burnish.bench;

import dev.burnish.bench.GenerateWorkload.Batch;
import dev.burnish.bench.Workload.Figures;
import dev.burnish.kernel.WeightFormat;
import dev.burnish.observe.Benchmark;
import dev.burnish.observe.Measurement;
import java.util.List;
import java.util.function.Consumer;

/// `generate`: new tokens per second, prefill included, beside the limit: the operations of the
/// prompts at the speed of the best product, and for each new token the larger of the time to read
/// the weights and that of the operations. Also tokens of prompts per second, and the time to the
/// first token of a prompt while 32 others run.
public final class GenerateBenchmark implements Benchmark {
  @Override
  public String name() {
    return "generate";
  }

  @Override
  public void run(Options options, Consumer<Measurement> out) {
    GenerateWorkload workload =
        switch (options.scale()) {
          case FULL ->
              new GenerateWorkload(
                  options,
                  List.of(
                      Batch.of(1),
                      Batch.of(4),
                      Batch.of(8),
                      Batch.of(16),
                      Batch.of(32),
                      Batch.of(64),
                      new Batch(16, 8)),
                  64,
                  3);
          case TINY -> new GenerateWorkload(options, List.of(Batch.of(1), new Batch(2, 2)), 4, 3);
        };
    Figures figures = Child.run(workload);
    for (Batch batch : workload.batches()) {
      double tokens = (double) batch.sequences() * workload.newTokens();
      out.accept(
          Measurement.of(
              "generate/%s x %d/%s".formatted(batch, workload.newTokens(), figures.label()),
              "tokens/s",
              tokens / figures.median("limit " + batch),
              "limit of reading and multiplying",
              Timing.rates(tokens, figures.runs("seconds " + batch))));
    }
    for (WeightFormat format : List.of(WeightFormat.BF16, WeightFormat.INT8)) {
      for (Batch batch : workload.small()) {
        double tokens = (double) batch.sequences() * workload.newTokens();
        String name = "%s %s".formatted(format, batch);
        out.accept(
            Measurement.of(
                "generate/%s, %s x %d/%s"
                    .formatted(format, batch, workload.newTokens(), figures.label()),
                "tokens/s",
                tokens / figures.median("seconds beside " + name),
                "weights as they are, by turns",
                Timing.rates(tokens, figures.runs("seconds " + name))));
      }
    }
    for (Batch batch : workload.batches()) {
      if (figures.has("prefill " + batch)) {
        double tokens = figures.median("prompt tokens " + batch);
        out.accept(
            Measurement.of(
                "generate/prompts %s/%s".formatted(batch, figures.label()),
                "tokens/s",
                tokens / figures.median("prefill limit " + batch),
                "sgemm over 2 x parameters",
                Timing.rates(tokens, figures.runs("prefill " + batch))));
      }
    }
    out.accept(
        Measurement.of(
            "generate/first token, 32 others/" + figures.label(),
            "s",
            figures.median("first token alone"),
            "alone",
            figures.runs("first token among")));
  }
}
