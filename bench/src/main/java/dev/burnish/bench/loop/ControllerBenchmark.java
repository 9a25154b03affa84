package dev.burnish.bench.loop;

import dev.burnish.bench.loop.SimulatedRun.Extent;
import dev.burnish.mesh.Job;
import dev.burnish.mesh.JobOptions;
import dev.burnish.observe.Benchmark;
import dev.burnish.observe.Measurement;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;

/// `controller`: the share of a core that the controller of a large run needs, with generators and
/// a trainer that wait instead of computing. They are threads of its process, so their side of each
/// call is counted too: the figure is an upper bound.
///
/// Time is shorter than in the run that it stands for; what the controller does in each second even
/// when nothing happens (health checks) is measured apart, and counted in full.
final class ControllerBenchmark implements Benchmark {
  private static final double AIM = 0.2;
  private static final double STEP_SECONDS = 10;

  private static final Extent FULL = new Extent(512, 8, 64, 64, 8, 256, Duration.ofSeconds(1));
  private static final Extent TINY = new Extent(2, 2, 2, 2, 2, 4, Duration.ofMillis(10));

  @Override
  public String name() {
    return "controller";
  }

  @Override
  public void run(Options options, Consumer<Measurement> out) {
    boolean full = options.scale() == Scale.FULL;
    Extent extent = full ? FULL : TINY;
    JobOptions threads =
        JobOptions.named("bench").with(JobOptions.Processes.THREADS).with(line -> {});
    try (Job job = Job.start(threads);
        SimulatedRun run = new SimulatedRun(job, extent, full ? 25 : 2)) {
      double idle = share(Duration.ofMillis(full ? 10_000 : 100));
      List<Double> shares = new ArrayList<>();
      run.train(
          full ? 15 : 1,
          (cpu, seconds) -> {
            double perStep = Math.max(0, cpu - idle * seconds);
            shares.add(idle + perStep / STEP_SECONDS);
          });
      out.accept(
          Measurement.of(
              "controller/%s every %.0f s".formatted(extent.words(), STEP_SECONDS),
              "cores",
              AIM,
              "the aim",
              shares));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancellationException("interrupted");
    } catch (IOException e) {
      throw new UncheckedIOException("cannot make a temporary file: " + e.getMessage(), e);
    }
  }

  private static double share(Duration time) throws InterruptedException {
    long start = System.nanoTime();
    double before = cpuSeconds();
    Thread.sleep(time);
    return (cpuSeconds() - before) / ((System.nanoTime() - start) / 1e9);
  }

  /// Of this process.
  static double cpuSeconds() {
    return ManagementFactory.getPlatformMXBean(com.sun.management.OperatingSystemMXBean.class)
            .getProcessCpuTime()
        / 1e9;
  }
}
