package dev.burnish.bench.mesh;

import dev.burnish.mesh.Job;
import dev.burnish.mesh.JobOptions;
import dev.burnish.mesh.OwnedMesh;
import dev.burnish.observe.Benchmark;
import dev.burnish.observe.Measurement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/// `spawn`: from the spawning of processes to the last first reply of their actors, and what an
/// idle one holds of memory.
public final class SpawnBenchmark implements Benchmark {
  @Override
  public String name() {
    return "spawn";
  }

  @Override
  public void run(Options options, Consumer<Measurement> out) {
    int runs = options.scale() == Scale.FULL ? 5 : 1;
    int size = options.scale() == Scale.FULL ? 4 : 2;
    List<Double> bare = new ArrayList<>();
    List<Double> seconds = new ArrayList<>();
    List<Double> megabytes = new ArrayList<>();
    try (Job job = Job.start(JobOptions.named("bench"))) {
      spawn(job, 1, megabytes);
      megabytes.clear();
      for (int run = 0; run < runs; run++) {
        bare.add(BareJvm.seconds(size));
        seconds.add(spawn(job, size, megabytes));
      }
    }
    bare.sort(Double::compare);
    out.accept(
        Measurement.of(
            "spawn/%d processes to the last first reply".formatted(size),
            "s",
            bare.get(bare.size() / 2),
            "as many bare JVMs that say a byte",
            seconds));
    out.accept(Measurement.of("spawn/memory of an idle worker", "MB", 60, "the aim", megabytes));
  }

  private static double spawn(Job job, int size, List<Double> megabytes) {
    long start = System.nanoTime();
    try (var procs = job.hosts().spawnProcs(Map.of("gpus", size))) {
      OwnedMesh<Echo> mesh = procs.spawn("echo", Echo.class, Echo.Actor::new);
      mesh.fanout(Echo::nothing);
      double seconds = (System.nanoTime() - start) / 1e9;
      mesh.gather(Echo::residentKilobytes).forEach(kb -> megabytes.add(kb / 1024.0));
      return seconds;
    }
  }
}
