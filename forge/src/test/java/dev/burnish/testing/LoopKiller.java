package dev.burnish.testing;

import dev.burnish.mesh.host.HostAgent;
import dev.burnish.mesh.host.Jobs;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/// Kills or stops processes of a loop of this process, each at a time that its controller's
/// [dev.burnish.concurrent.FaultPoint]s tell.
public final class LoopKiller implements AutoCloseable {
  /// The roles that have processes of their own; a loop may have a critic in addition.
  public static final List<String> ROLES =
      List.of("trainer", "generator", "reward", "buffer", "weights");

  /// The point between two steps.
  public static final String STEP = "run.step";

  private final String job;
  private final List<Kill> kills;
  private final Map<String, Integer> reached = new HashMap<>();
  private boolean begun;
  private final AtomicInteger done = new AtomicInteger();
  private final Queue<Future<?>> pending = new ConcurrentLinkedQueue<>();
  private final ExecutorService delayed = Executors.newVirtualThreadPerTaskExecutor();

  /// @param job of the loop
  public LoopKiller(String job, List<Kill> kills) {
    this.job = job;
    this.kills = List.copyOf(kills);
  }

  /// A signal to processes of a loop, with its moment.
  ///
  /// @param point of the controller
  /// @param times that it has been reached since the first step began
  /// @param roles of which the first process is killed
  /// @param signal as of `kill`
  /// @param millis to wait at the point; with 0 the controller waits there for the kill
  /// @param target the process of the role, or the agent of its host
  public record Kill(
      String point, int times, List<String> roles, String signal, int millis, Target target) {
    /// By SIGKILL, at the point.
    public static Kill of(String point, int times, String... roles) {
      return new Kill(point, times, List.of(roles), "KILL", 0, Target.PROCESS);
    }

    /// The whole host that the process of a role is on.
    public static Kill ofHost(String point, int times, String role) {
      return new Kill(point, times, List.of(role), "KILL", 0, Target.HOST);
    }

    /// The same by another signal.
    public Kill by(String other) {
      return new Kill(point, times, roles, other, millis, target);
    }

    /// The same a while after the point.
    public Kill after(int later) {
      return new Kill(point, times, roles, signal, later, target);
    }
  }

  private enum Target {
    PROCESS,
    HOST;

    long pid(long process) {
      return switch (this) {
        case PROCESS -> process;
        case HOST -> ProcessHandle.of(process).orElseThrow().parent().orElseThrow().pid();
      };
    }
  }

  /// The controller has reached a point. A step begins when the kills of the one before are done.
  public void reached(String point) {
    if (point.equals(STEP)) {
      for (Future<?> sent = pending.poll(); sent != null; sent = pending.poll()) {
        await(sent);
      }
    }
    int times;
    synchronized (reached) {
      begun |= point.equals(STEP);
      times = begun ? reached.merge(point, 1, Integer::sum) : 0;
    }
    kills.stream()
        .filter(kill -> kill.point().equals(point) && kill.times() == times)
        .forEach(this::begin);
  }

  private void begin(Kill kill) {
    Future<?> sent =
        delayed.submit(() -> {
          TimeUnit.MILLISECONDS.sleep(kill.millis());
          send(kill);
          return true;
        });
    if (kill.millis() == 0) {
      await(sent);
    } else {
      pending.add(sent);
    }
  }

  private static void await(Future<?> sent) {
    try {
      sent.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException e) {
      throw new IllegalStateException("a kill must work", e.getCause());
    }
  }

  private void send(Kill kill) throws IOException, InterruptedException {
    for (String role : kill.roles()) {
      Process sent =
          new ProcessBuilder(
                  "kill", "-" + kill.signal(), Long.toString(kill.target().pid(process(role))))
              .start();
      int ignored = sent.waitFor();
    }
    done.incrementAndGet();
  }

  /// The process of a role, on whichever host, once there is one.
  private long process(String role) {
    while (true) {
      Optional<Long> pid =
          Jobs.status(job).hosts().stream()
              .flatMap(host -> host.processes().stream())
              .filter(process -> process.process().startsWith(role + "/"))
              .map(HostAgent.ProcessStatus::pid)
              .findFirst();
      if (pid.isPresent()) {
        return pid.get();
      }
      Thread.onSpinWait(); // the question takes milliseconds
    }
  }

  /// How many kills were done.
  public int done() {
    return done.get();
  }

  @Override
  public void close() {
    delayed.shutdownNow();
  }
}
