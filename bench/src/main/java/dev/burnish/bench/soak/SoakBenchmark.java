package dev.burnish.bench.soak;

import dev.burnish.mesh.Job;
import dev.burnish.mesh.JobOptions;
import dev.burnish.observe.Benchmark;
import dev.burnish.observe.Measurement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import java.util.function.ToLongFunction;
import java.util.logging.Level;
import java.util.logging.Logger;

/// `soak`: for a given time, meshes, services whose processes are killed, streams, regions, changes
/// and output. Once a minute it measures the resources of the controller and of a worker that
/// stays, and fails if any of them grows.
public final class SoakBenchmark implements Benchmark {
  /// Silences the reports of the losses that the run consists of.
  private static final Logger LOG = Logger.getLogger("dev.burnish");

  private static final int LOOKS = 10;
  private static final Duration LONGEST = Duration.ofMinutes(1);
  private static final Duration TINY = Duration.ofSeconds(2);
  private static final double MEGABYTE = 1 << 20;

  private record Quantity(String name, String unit, double allowed, ToLongFunction<Vitals> of) {}

  private static final List<Quantity> QUANTITIES =
      List.of(
          new Quantity("heap", "bytes", 8 * MEGABYTE, Vitals::heap),
          new Quantity("objects", "objects", 2000, Vitals::objects),
          new Quantity("threads", "threads", 8, Vitals::threads),
          new Quantity("open files", "files", 8, Vitals::files),
          new Quantity("shared memory", "bytes", 8 * MEGABYTE, Vitals::shared),
          new Quantity("direct memory", "bytes", 4 * MEGABYTE, Vitals::direct));

  @Override
  public String name() {
    return "soak";
  }

  @Override
  public void run(Options options, Consumer<Measurement> out) {
    Level usual = Optional.ofNullable(LOG.getLevel()).orElse(Level.INFO);
    LOG.setLevel(Level.SEVERE);
    try {
      live(options, out);
    } finally {
      LOG.setLevel(usual);
    }
  }

  private static void live(Options options, Consumer<Measurement> out) {
    Duration time = options.scale() == Scale.FULL ? options.soak() : TINY;
    List<Vitals> controller = new ArrayList<>();
    List<Vitals> worker = new ArrayList<>();
    AtomicLong numLines = new AtomicLong();
    LongAdder unhandled = new LongAdder();
    JobOptions quiet = JobOptions.named("soak").with(line -> numLines.incrementAndGet());
    try (Job job = Job.start(quiet)) {
      job.onUnhandled(failure -> unhandled.increment());
      try (Chores chores = new Chores(job)) {
        long began = System.nanoTime();
        long each = Math.min(LONGEST.toNanos(), time.toNanos() / LOOKS);
        int numRounds = 0;
        while (System.nanoTime() - began < time.toNanos()) {
          chores.round();
          numRounds++;
          if (System.nanoTime() - began >= each * (controller.size() + 1)) {
            controller.add(Vitals.look());
            worker.add(chores.vitals());
            tell(numRounds, chores, numLines, controller.getLast(), worker.getLast());
          }
        }
        controller.add(Vitals.look());
        worker.add(chores.vitals());
      }
    }
    List<String> growing = new ArrayList<>();
    judge("controller", controller, out).forEach(growing::add);
    judge("worker", worker, out).forEach(growing::add);
    if (!growing.isEmpty() || unhandled.sum() > 0) {
      throw new IllegalStateException(
          "nothing grows, and no failure is left to the program: growing=%s unhandled=%d"
              .formatted(growing, unhandled.sum()));
    }
  }

  private static void tell(
      int numRounds, Chores chores, AtomicLong numLines, Vitals controller, Vitals worker) {
    System.err.printf(
        Locale.ROOT,
        "soak: %d rounds, %d calls failed, %d lines%n  controller %s%n  worker     %s%n",
        numRounds,
        chores.numFailed(),
        numLines.get(),
        line(controller),
        line(worker));
  }

  private static String line(Vitals vitals) {
    return String.format(
        Locale.ROOT,
        "heap %.1f MB, %d objects, %d threads, %d files, %.1f MB shared, %.1f MB direct",
        vitals.heap() / MEGABYTE,
        vitals.objects(),
        vitals.threads(),
        vitals.files(),
        vitals.shared() / MEGABYTE,
        vitals.direct() / MEGABYTE);
  }

  /// Reports each quantity that is there, with its value after the warm-up; returns those that
  /// grow.
  private static List<String> judge(String process, List<Vitals> looks, Consumer<Measurement> out) {
    List<String> growing = new ArrayList<>();
    for (Quantity quantity : QUANTITIES) {
      List<Double> values =
          looks.stream().map(look -> (double) quantity.of().applyAsLong(look)).toList();
      String name = quantity.name() + " of the " + process;
      Trend trend = new Trend(name, quantity.allowed(), values);
      Optional<String> growth = trend.growth();
      growth.ifPresent(growing::add);
      if (trend.settled().stream().allMatch(value -> value > 0)) {
        out.accept(
            Measurement.of(
                "soak/" + name,
                quantity.unit(),
                trend.settled().getFirst(),
                "after the warm-up",
                List.of(trend.settled().getLast())));
      }
    }
    return growing;
  }
}
