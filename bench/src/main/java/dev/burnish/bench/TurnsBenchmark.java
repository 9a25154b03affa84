package dev.burnish.bench;

import dev.burnish.bench.Workload.Figures;
import dev.burnish.observe.Benchmark;
import dev.burnish.observe.Measurement;
import java.util.List;
import java.util.function.Consumer;

/// `turns`: training on conversations of many turns whose template leaves thoughts out: an episode
/// of branches beside a sample per turn.
public final class TurnsBenchmark implements Benchmark {
  private static final String APART = "a sample per turn";

  @Override
  public String name() {
    return "turns";
  }

  @Override
  public void run(Options options, Consumer<Measurement> out) {
    TurnsWorkload workload =
        switch (options.scale()) {
          case FULL -> new TurnsWorkload(options, List.of(4, 16, 64), 3);
          case TINY -> new TurnsWorkload(options, List.of(2, 4), 1);
        };
    Figures figures = Child.run(workload);
    for (int turns : workload.turns()) {
      String name = "turns/%d/%s/".formatted(turns, figures.label());
      out.accept(
          Measurement.of(
              name + "update",
              "s",
              figures.median("apart " + turns),
              APART,
              figures.runs("forest " + turns)));
      out.accept(
          Measurement.of(
              name + "tokens",
              "tokens",
              figures.median("tokens apart " + turns),
              APART,
              figures.runs("tokens " + turns)));
    }
  }
}
