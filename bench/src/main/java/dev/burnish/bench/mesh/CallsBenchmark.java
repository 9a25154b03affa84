package dev.burnish.bench.mesh;

import dev.burnish.launch.Resources;
import dev.burnish.link.Region;
import dev.burnish.mesh.Job;
import dev.burnish.mesh.JobOptions;
import dev.burnish.mesh.OwnedMesh;
import dev.burnish.observe.Benchmark;
import dev.burnish.observe.Measurement;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/// `calls`: an endpoint between two JVMs, one call at a time and many at once, and bulk by handle.
public final class CallsBenchmark implements Benchmark {
  private static final String FLOOR = "raw socket between two JVMs";

  @Override
  public String name() {
    return "calls";
  }

  @Override
  public void run(Options options, Consumer<Measurement> out) {
    int scale = options.scale() == Scale.FULL ? 100 : 1;
    try (Job job = Job.start(JobOptions.named("bench"));
        PingPong floor = PingPong.start()) {
      OwnedMesh<Echo> mesh =
          job.hosts().spawnProcs(Map.of("gpus", 1)).spawn("echo", Echo.class, Echo.Actor::new);
      Echo echo = mesh.only();
      for (int size : new int[] {0, 1000, 100_000}) {
        latency(echo, floor, size, scale, out);
      }
      rate(echo, floor, scale, out);
      int bulk = options.scale() == Scale.FULL ? 100_000_000 : 1_000_000;
      region("a core", echo, bulk, scale, out);
      Echo two =
          job.hosts()
              .spawnProcs("two", Map.of("gpus", 1), _ -> Resources.light().withCores(2))
              .spawn("echo", Echo.class, Echo.Actor::new)
              .only();
      region("two cores", two, bulk, scale, out);
    }
  }

  private static void latency(
      Echo echo, PingPong floor, int size, int scale, Consumer<Measurement> out) {
    byte[] bytes = new byte[size];
    ByteBuffer frame = PingPong.frame(size);
    int count = 50 * scale;
    Samples raw = Samples.of(count, count, () -> floor.exchange(frame));
    Samples calls = Samples.of(2 * count, count, () -> echo.echo(bytes));
    String name = "calls/%d B/".formatted(size);
    for (double q : new double[] {0.5, 0.99}) {
      out.accept(
          Measurement.of(
              name + "p" + Math.round(100 * q),
              "us",
              raw.quantile(q),
              FLOOR,
              List.of(calls.quantile(q))));
    }
  }

  private static void rate(Echo echo, PingPong floor, int scale, Consumer<Measurement> out) {
    ByteBuffer frame = PingPong.frame(0);
    byte[] bytes = new byte[0];
    double one =
        1e6 / Samples.of(10 * scale, 50 * scale, () -> floor.exchange(frame)).quantile(0.5);
    Samples.rates(2, 256, 4 * scale, () -> echo.echo(bytes));
    out.accept(
        Measurement.of(
            "calls/0 B/256 in flight",
            "calls/s",
            one,
            FLOOR + ", one at a time",
            Samples.rates(3, 256, 4 * scale, () -> echo.echo(bytes))));
  }

  private static void region(
      String cores, Echo echo, int size, int scale, Consumer<Measurement> out) {
    byte[] to = new byte[size];
    try (Region region = Region.allocate(size)) {
      region.segment().fill((byte) 3);
      int count = Math.max(3, scale / 5);
      Samples copies =
          Samples.of(
              3,
              count,
              () -> MemorySegment.copy(region.segment(), 0, MemorySegment.ofArray(to), 0, size));
      Samples calls = Samples.of(3, count, () -> echo.copy(region));
      out.accept(
          Measurement.of(
              "calls/region of %d MB, copied by a callee with %s"
                  .formatted(size / 1_000_000, cores),
              "us",
              copies.quantile(0.5),
              "memcpy",
              List.of(calls.quantile(0.5))));
    }
  }
}
