package dev.burnish.mesh;

import java.util.Map;

/// Programs that tests start as processes of their own.
public final class Programs {
  private Programs() {}

  /// Spawns workers, prints their process numbers, then waits to be killed.
  public static final class Waits {
    private Waits() {}

    /// Runs.
    public static void main(String... args) throws InterruptedException {
      Job job = Job.start(JobOptions.named("waits"));
      ActorMesh<Counter> counters =
          job.hosts()
              .spawnProcs(Map.of("gpus", 2))
              .spawn("counters", Counter.class, CounterActor::new, 0);
      counters.gather(Counter::pid).forEach(pid -> System.out.println("pid " + pid));
      System.out.println("ready");
      Thread.sleep(Long.MAX_VALUE);
    }
  }

  /// Has a worker that prints 60 lines and exits, and does not handle it.
  public static final class Fails {
    private Fails() {}

    /// Runs.
    public static void main(String... args) throws InterruptedException {
      Job job = Job.start(JobOptions.named("fails"));
      ActorMesh<Counter> counters =
          job.hosts()
              .spawnProcs(Map.of("gpus", 2))
              .spawn("counters", Counter.class, CounterActor::new, 0);
      Counter second = counters.at("gpus", 1).only();
      for (int i = 0; i < 60; i++) {
        second.print("line " + i);
      }
      counters.at("gpus", 1).broadcast(c -> c.exit(3));
      Thread.sleep(Long.MAX_VALUE);
    }
  }
}
