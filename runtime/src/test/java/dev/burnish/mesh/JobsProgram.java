package dev.burnish.mesh;

import dev.burnish.mesh.host.JobFolder;
import dev.burnish.mesh.host.Jobs;
import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;

/// Jobs as a process sees them. Its name has no `$`, which a shell would interpret.
public final class JobsProgram {
  private JobsProgram() {}

  /// Starts a number of jobs, prints their names and the jobs that it sees; waits for the end of
  /// its input if there is a second argument. Ends them.
  public static void main(String... args) throws IOException {
    List<Job> jobs = new ArrayList<>();
    for (int i = 0; i < Integer.parseInt(args[0]); i++) {
      jobs.add(Job.start(JobOptions.named("seen")));
      System.out.println("folder " + JobFolder.base().resolve(jobs.getLast().id()));
    }
    System.out.println(
        "running " + Jobs.running().containsAll(jobs.stream().map(Job::id).toList()));
    System.out.println("ready");
    if (args.length > 1) {
      System.in.transferTo(OutputStream.nullOutputStream());
    }
    jobs.forEach(Job::close);
    System.exit(0);
  }
}
