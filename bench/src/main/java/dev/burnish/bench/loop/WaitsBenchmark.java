package dev.burnish.bench.loop;

import dev.burnish.observe.Benchmark;
import dev.burnish.observe.Measurement;
import dev.burnish.rl.journal.EpisodeJournal;
import dev.burnish.rl.loop.RolloutFunction;
import dev.burnish.rl.loop.RolloutSettings;
import dev.burnish.rl.loop.Rollouts;
import dev.burnish.rl.replay.MemoryBuffer;
import dev.burnish.rl.replay.Selection;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;

/// `waits`: the loop with parts that wait instead of computing, synchronous, at a fixed lag and
/// continuous, each compared with the least time that its own recorded waits allow; and the same
/// loop with parts that compute on the cores that they share, where being asynchronous gains
/// nothing and must cost nothing.
final class WaitsBenchmark implements Benchmark {
  private static final int BATCH = 16;
  private static final int LAG = 3;
  private static final int IN_FLIGHT = BATCH * (LAG + 1);
  private static final int WINDOW = 16 * IN_FLIGHT;

  @Override
  public String name() {
    return "waits";
  }

  /// How the waits were measured.
  ///
  /// @param factor by which times are divided
  /// @param rounds of arithmetic in a step that computes
  private record Extent(int runs, int steps, double factor, int rounds) {}

  @Override
  public void run(Options options, Consumer<Measurement> out) {
    Extent extent =
        options.scale() == Scale.FULL
            ? new Extent(3, 40, 20, 4_000_000)
            : new Extent(1, 2, 1000, 40_000);
    try {
      waiting(extent, out);
      computing(extent, out);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancellationException("interrupted");
    }
  }

  private static void waiting(Extent extent, Consumer<Measurement> out)
      throws InterruptedException {
    List<Double> rates = new ArrayList<>();
    List<Double> bounds = new ArrayList<>();
    for (int i = 0; i < extent.runs(); i++) {
      Timed sync = timed(extent, RolloutSettings.fixedLag(BATCH, 0, extent.steps(), 1));
      rates.add(sync.rate());
      bounds.add(groups(extent) / inLockStep(sync, 0));
    }
    double sync = Measurement.median(rates);
    report("synchronous", bounds, rates, out);

    rates.clear();
    bounds.clear();
    for (int i = 0; i < extent.runs(); i++) {
      Timed lagging = timed(extent, RolloutSettings.fixedLag(BATCH, LAG, extent.steps(), 1));
      rates.add(lagging.rate());
      bounds.add(groups(extent) / inLockStep(lagging, LAG));
    }
    both("fixed lag of 3", sync, bounds, rates, out);

    rates.clear();
    bounds.clear();
    for (int i = 0; i < extent.runs(); i++) {
      Timed continuous =
          timed(
              extent,
              RolloutSettings.continuous(BATCH, LAG, extent.steps(), 1)
                  .withSelection(new Selection.Windowed(WINDOW), 2 * WINDOW));
      rates.add(continuous.rate());
      bounds.add(groups(extent) / byResources(continuous));
    }
    both("continuous", sync, bounds, rates, out);
  }

  private static void both(
      String name,
      double sync,
      List<Double> bounds,
      List<Double> rates,
      Consumer<Measurement> out) {
    report(name, bounds, rates, out);
    out.accept(
        Measurement.of(
            "waits/%s, to synchronous".formatted(name),
            "groups/s",
            sync,
            "the synchronous loop in the same run",
            rates));
  }

  private static void report(
      String name, List<Double> bounds, List<Double> rates, Consumer<Measurement> out) {
    out.accept(
        Measurement.of(
            "waits/" + name,
            "groups/s",
            Measurement.median(bounds),
            "the most that its own waits allow",
            rates));
  }

  private static long groups(Extent extent) {
    return (long) BATCH * extent.steps();
  }

  /// A run and what waited in it.
  ///
  /// @param trained seconds of each step
  private record Timed(double seconds, List<Double> trained, WaitingParts parts) {
    double rate() {
      return BATCH * trained.size() / seconds;
    }
  }

  private static Timed timed(Extent extent, RolloutSettings settings) throws InterruptedException {
    WaitingParts parts = new WaitingParts(extent.factor());
    List<Double> trained = new ArrayList<>();
    double seconds = loop(settings, parts, () -> trained.add(parts.train()));
    return new Timed(seconds, trained, parts);
  }

  /// The least seconds in which batches that are trained in order can be, whatever else is free of
  /// cost: a group begins when the version is published that is `lag` before that of its step, a
  /// step when all its groups are made and the step before is done.
  private static double inLockStep(Timed run, int lag) {
    List<Double> published = new ArrayList<>(List.of(0.0));
    for (int step = 0; step < run.trained().size(); step++) {
      double begin = published.get(Math.max(0, step - lag));
      double made = 0;
      for (long p = (long) step * BATCH; p < (step + 1L) * BATCH; p++) {
        made = Math.max(made, run.parts().madeAt(p));
      }
      published.add(Math.max(begin + made, published.getLast()) + run.trained().get(step));
    }
    double generators =
        run.parts().generated((long) run.trained().size() * BATCH) / WaitingParts.GENERATORS;
    return Math.max(published.getLast(), generators);
  }

  /// The least seconds in which the slots, the generators or the trainer could do what they did.
  private static double byResources(Timed run) {
    long groups = (long) run.trained().size() * BATCH;
    double trainer = run.trained().stream().mapToDouble(s -> s).sum();
    double generators = run.parts().generated(groups) / WaitingParts.GENERATORS;
    return Math.max(Math.max(trainer, generators), run.parts().made(groups) / IN_FLIGHT);
  }

  /// Work of a step.
  private interface Step {
    void run() throws InterruptedException;
  }

  /// Trains all steps; returns the seconds.
  private static double loop(RolloutSettings settings, RolloutFunction rollout, Step step)
      throws InterruptedException {
    Path file = temporary();
    try (EpisodeJournal journal = EpisodeJournal.open(file);
        Rollouts rollouts =
            Rollouts.of(settings, new MemoryBuffer(settings.buffer()), journal, rollout)) {
      long begin = System.nanoTime();
      rollouts.published(0, List.of());
      for (long version = 0; version < settings.steps(); version++) {
        var _ = rollouts.take(version);
        step.run();
        var _ = rollouts.published(version + 1, List.of());
      }
      return (System.nanoTime() - begin) / 1e9;
    } finally {
      delete(file);
    }
  }

  private static Path temporary() {
    try {
      return Files.createTempFile("burnish-waits", ".bin");
    } catch (IOException e) {
      throw new UncheckedIOException("cannot make a temporary file: " + e.getMessage(), e);
    }
  }

  private static void delete(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot remove file=" + file, e);
    }
  }

  /// By turns, so that both see the same machine.
  private static void computing(Extent extent, Consumer<Measurement> out)
      throws InterruptedException {
    List<Double> sync = new ArrayList<>();
    List<Double> async = new ArrayList<>();
    try (ComputingParts parts = new ComputingParts(extent.rounds())) {
      for (int i = -1; i < 3 * extent.runs(); i++) {
        double first = loop(RolloutSettings.fixedLag(4, 0, 10, 1), parts, parts::train);
        double second = loop(RolloutSettings.fixedLag(4, 1, 10, 1), parts, parts::train);
        if (i >= 0) {
          sync.add(first);
          async.add(second);
        }
      }
    }
    out.accept(
        Measurement.of(
            "waits/parts that compute on shared cores, lag of 1",
            "s",
            Measurement.median(sync),
            "the synchronous loop, by turns",
            async));
  }
}
