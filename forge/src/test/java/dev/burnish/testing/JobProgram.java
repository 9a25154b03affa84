package dev.burnish.testing;

import dev.burnish.mesh.Job;
import dev.burnish.mesh.JobOptions;
import java.io.IOException;
import java.util.Map;

/// A job with one actor in a process of its own, that lasts until its standard input ends.
public final class JobProgram {
  private JobProgram() {}

  /// Greets.
  public interface Greeter {
    /// Prints a line, and returns it.
    String greet(String name);
  }

  static final class PrintingGreeter implements Greeter {
    @Override
    public String greet(String name) {
      String line = "hello " + name;
      System.out.println(line);
      return line;
    }
  }

  public static void main(String... args) throws IOException {
    try (Job job = Job.start(JobOptions.named("greeting"))) {
      job.hosts()
          .spawnProcs(Map.of("procs", 1))
          .spawn("greeter", Greeter.class, PrintingGreeter::new)
          .gather(greeter -> greeter.greet("world"));
      System.out.println("ready");
      while (System.in.read() >= 0) {
        // until it ends
      }
    }
  }
}
