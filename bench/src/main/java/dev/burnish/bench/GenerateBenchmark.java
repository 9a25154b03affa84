package dev.burnish.bench;

import dev.burnish.bench.Workload.Figures;
import dev.burnish.observe.Benchmark;
import dev.burnish.observe.Measurement;
import java.util.List;
import java.util.function.Consumer;

/// `generate`: new tokens per second, prefill included. One sequence reads all weights for each
/// token; many at once multiply. Also the time to the first token of a prompt while 32 others run.
public final class GenerateBenchmark implements Benchmark {
  @Override
  public String name() {
    return "generate";
  }

  @Override
  public void run(Options options, Consumer<Measurement> out) {
    List<Integer> sequences = List.of(1, 8, 32);
    int newTokens =
        switch (options.scale()) {
          case FULL -> 64;
          case TINY -> 4;
        };
    Figures figures = Child.run(new GenerateWorkload(options, sequences, newTokens, 3));
    out.accept(
        Measurement.of(
            "generate/first token, 32 others/" + figures.label(),
            "s",
            figures.median("first token alone"),
            "alone",
            figures.runs("first token among")));
    double parameters = figures.median("parameters");
    for (int count : sequences) {
      boolean one = count == 1;
      out.accept(
          Measurement.of(
              "generate/%d x %d/%s".formatted(count, newTokens, figures.label()),
              "tokens/s",
              one
                  ? figures.median("bandwidth") / (4 * parameters)
                  : figures.median("sgemm") / (2 * parameters),
              one ? "read bandwidth over 4 bytes x parameters" : "sgemm over 2 x parameters",
              Timing.rates((double) count * newTokens, figures.runs("seconds " + count))));
    }
  }
}
