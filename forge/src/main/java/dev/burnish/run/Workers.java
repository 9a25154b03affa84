package dev.burnish.run;

import dev.burnish.mesh.HostMesh;
import dev.burnish.mesh.Job;
import dev.burnish.mesh.JobOptions;
import java.util.Optional;

/// The processes that work for a run: none, until some are asked for. They end with it.
public final class Workers implements AutoCloseable {
  private Optional<Job> job = Optional.empty();

  /// Where to start some.
  public HostMesh hosts() {
    job = job.or(() -> Optional.of(Job.start(JobOptions.named("run"))));
    return job.get().hosts();
  }

  @Override
  public void close() {
    job.ifPresent(Job::close);
  }
}
