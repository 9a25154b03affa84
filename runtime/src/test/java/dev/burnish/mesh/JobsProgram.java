package dev.burnish.mesh;

import dev.burnish.mesh.host.JobFolder;
import dev.burnish.mesh.host.Jobs;
import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;

/// Jobs as a process has them. Its name has no `$`, which a shell would look at.
public final class JobsProgram {
  private JobsProgram() {}

  /// Starts a number of jobs, says which, and what is seen of them; waits for the end of its input
  /// where a second argument says so. Ends them.
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
