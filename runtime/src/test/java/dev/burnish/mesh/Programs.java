package dev.burnish.mesh;

import dev.burnish.host.JvmCommand;
import java.io.IOException;
import java.io.OutputStream;
import java.util.List;
import java.util.Map;

/// Programs that tests start as processes of their own.
public final class Programs {
  private Programs() {}

  /// How to run a class as a program with the class path of this one.
  public static List<String> command(Class<?> main) {
    return JvmCommand.of(main).withFlags(List.of("--enable-native-access=ALL-UNNAMED")).words();
  }

  /// Waits until the test is gone: a program never outlives the test that started it.
  static void awaitParent() throws IOException {
    System.in.transferTo(OutputStream.nullOutputStream());
    Runtime.getRuntime().halt(1);
  }

  /// Spawns workers, prints their process ids, then waits to be killed.
  public static final class Waits {
    private Waits() {}

    /// Runs.
    public static void main(String... args) throws IOException {
      Job job = Job.start(JobOptions.named("waits"));
      OwnedMesh<Counter> counters =
          job.hosts()
              .spawnProcs(Map.of("gpus", 2))
              .spawn("counters", Counter.class, CounterActor::new, 0);
      counters.gather(Counter::pid).forEach(pid -> System.out.println("pid " + pid));
      System.out.println("ready");
      awaitParent();
    }
  }

  /// A worker prints 60 lines and exits, which the program does not handle.
  public static final class Fails {
    private Fails() {}

    /// Runs.
    public static void main(String... args) throws IOException {
      Job job = Job.start(JobOptions.named("fails"));
      OwnedMesh<Counter> counters =
          job.hosts()
              .spawnProcs(Map.of("gpus", 2))
              .spawn("counters", Counter.class, CounterActor::new, 0);
      Counter second = counters.at("gpus", 1).only();
      for (int i = 0; i < 60; i++) {
        second.print("line " + i);
      }
      counters.at("gpus", 1).broadcast(c -> c.exit(3));
      awaitParent();
    }
  }
}
