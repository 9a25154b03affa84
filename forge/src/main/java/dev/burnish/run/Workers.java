package dev.burnish.run;

import dev.burnish.concurrent.Waits;
import dev.burnish.launch.remote.HostSettings;
import dev.burnish.mesh.HostMesh;
import dev.burnish.mesh.Job;
import dev.burnish.mesh.JobOptions;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;

/// The processes that work for a run: none until they are asked for; and objects of this process
/// that do the same work. They end with it. Threading: safe for all threads.
public final class Workers implements AutoCloseable {
  private JobOptions options = JobOptions.named("run");
  private Optional<Job> job = Optional.empty();
  private final Deque<Kept> objects = new ArrayDeque<>(); // the last one first

  /// An object to close.
  private interface Kept extends AutoCloseable {
    @Override
    void close();
  }

  /// Sets how the job is started.
  ///
  /// @throws IllegalStateException if it was started already
  public synchronized void options(JobOptions other) {
    if (job.isPresent()) {
      throw new IllegalStateException(
          "the options of a run's job must be given before its first process: job=%s; give them first"
              .formatted(options.name()));
    }
    options = other;
  }

  /// Sets the kind of the job's processes, for a loop.
  ///
  /// @throws IllegalStateException if it was started already with another kind
  public synchronized void processes(JobOptions.Processes kind) {
    if (options.processes() == kind) {
      return;
    }
    if (job.isPresent()) {
      throw new IllegalStateException(
          "a loop must come before the first replicas, actors or services of its run, whose processes are of its kind: loop.processes=%s started=%s; call run.loop first, or start them with this kind by run.job"
              .formatted(kind, options.processes()));
    }
    options = options.with(kind);
  }

  /// The hosts of the job, which is started by the first call.
  public synchronized HostMesh hosts() {
    job = job.or(() -> Optional.of(Job.start(options)));
    return job.get().hosts();
  }

  /// This host, where the job also has others.
  public synchronized HostMesh here() {
    HostMesh ignored = hosts();
    return job.orElseThrow().here();
  }

  /// Sets the hosts of the job where they are elsewhere.
  ///
  /// @throws IllegalStateException if it was started already
  public synchronized void on(HostSettings hosts) {
    if (hosts.isElsewhere()) {
      options(options.with(hosts));
    }
  }

  /// Takes an object of this process, which ends with the run if it can be closed.
  public synchronized void keep(Object object) {
    if (object instanceof AutoCloseable closeable) {
      objects.push(() -> end(closeable));
    }
  }

  /// Ends the processes, then the objects, the last one first.
  ///
  /// @throws IllegalStateException if an object cannot be closed; the others are
  @Override
  public synchronized void close() {
    try {
      job.ifPresent(Job::close);
    } finally {
      closeObjects();
    }
  }

  private void closeObjects() {
    if (!objects.isEmpty()) {
      try (Kept _ = objects.removeLast()) {
        closeObjects();
      }
    }
  }

  private static void end(AutoCloseable object) {
    try {
      object.close();
    } catch (InterruptedException e) {
      throw Waits.cancelled(e, "interrupted while the objects of a run are closed");
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException("an object of a run must be closed with it: " + e, e);
    }
  }
}
