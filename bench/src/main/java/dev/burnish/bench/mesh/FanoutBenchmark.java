package dev.burnish.bench.mesh;

import dev.burnish.mesh.Job;
import dev.burnish.mesh.JobOptions;
import dev.burnish.mesh.OwnedMesh;
import dev.burnish.observe.Benchmark;
import dev.burnish.observe.Measurement;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/// `fanout`: a call of every actor of a mesh of processes.
public final class FanoutBenchmark implements Benchmark {
  @Override
  public String name() {
    return "fanout";
  }

  @Override
  public void run(Options options, Consumer<Measurement> out) {
    int count = options.scale() == Scale.FULL ? 2000 : 20;
    double floor;
    try (PingPong raw = PingPong.start()) {
      ByteBuffer frame = PingPong.frame(0);
      floor = Samples.of(count, count, () -> raw.exchange(frame)).quantile(0.5);
    }
    for (int size : options.scale() == Scale.FULL ? new int[] {4, 16} : new int[] {2}) {
      try (Job job = Job.start(JobOptions.named("bench"))) {
        OwnedMesh<Echo> mesh =
            job.hosts().spawnProcs(Map.of("gpus", size)).spawn("echo", Echo.class, Echo.Actor::new);
        int times = Math.max(20, count / size);
        Samples calls = Samples.of(count, times, () -> mesh.fanout(Echo::nothing));
        out.accept(
            Measurement.of(
                "fanout/to %d processes/p50".formatted(size),
                "us",
                floor,
                "one raw socket ping-pong between two JVMs",
                List.of(calls.quantile(0.5))));
      }
    }
  }
}
