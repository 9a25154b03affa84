package dev.burnish.bench;

import dev.burnish.bench.Workload.Figures;
import dev.burnish.observe.Benchmark;
import dev.burnish.observe.Measurement;
import java.util.function.Consumer;

/// `grpo`: seconds of a GRPO step and of its parts, and the time saved by sharing a group's prompt.
public final class GrpoBenchmark implements Benchmark {
  private static final String FLOOR = "sgemm over the flops of its matrix products";

  /// The step of TRL 1.16 on two AVX-512 cores, the best of several, and its peak.
  private static final double TRL_SECONDS = 62;

  private static final double TRL_GIGABYTES = 18.7;

  @Override
  public String name() {
    return "grpo";
  }

  @Override
  public void run(Options options, Consumer<Measurement> out) {
    GrpoWorkload shared =
        switch (options.scale()) {
          case FULL -> new GrpoWorkload(options, 4, 8, 64, true, 3);
          case TINY -> new GrpoWorkload(options, 2, 2, 4, true, 1);
        };
    Figures figures = Child.run(shared);
    String name =
        "grpo/%dx%dx%d/%s/"
            .formatted(shared.prompts(), shared.samples(), shared.newTokens(), figures.label());
    out.accept(
        Measurement.of(
            name + "step", "s", TRL_SECONDS, "TRL 1.16, recorded", figures.runs("step")));
    for (String part : new String[] {"generation", "training"}) {
      out.accept(
          Measurement.of(
              name + part, "s", figures.median(part + " floor"), FLOOR, figures.runs(part)));
    }
    Figures unshared =
        Child.run(
            new GrpoWorkload(
                options,
                shared.prompts(),
                shared.samples(),
                shared.newTokens(),
                false,
                shared.runs()));
    String repeated = "each prompt repeated for each sample";
    out.accept(
        Measurement.of(
            name + "training beside unshared",
            "s",
            unshared.median("training"),
            repeated,
            figures.runs("training")));
    if (figures.has("peak")) {
      out.accept(
          Measurement.of(
              name + "peak memory",
              "GB",
              TRL_GIGABYTES,
              "TRL 1.16, recorded",
              figures.runs("peak")));
      out.accept(
          Measurement.of(
              name + "peak memory beside unshared",
              "GB",
              unshared.median("peak"),
              repeated,
              figures.runs("peak")));
    }
  }
}
