package dev.burnish.mesh;

import static org.assertj.core.api.Assertions.assertThat;

import dev.burnish.actor.Factory;
import dev.burnish.link.failure.ReplicaLost;
import dev.burnish.mesh.JobOptions.Processes;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ActorSupervisionTest {
  private static final int FAILURES = 300;

  interface Late {
    int attempts();
  }

  /// Fails on construction, until it does not.
  static final class LateActor implements Late {
    static final AtomicInteger ATTEMPTS = new AtomicInteger();

    LateActor() {
      if (ATTEMPTS.incrementAndGet() <= FAILURES) {
        throw new IllegalStateException("not yet");
      }
    }

    @Override
    public int attempts() {
      return ATTEMPTS.get();
    }
  }

  /// A call that reaches a failing actor is lost with it.
  private static int attempts(Late late) {
    while (true) {
      try {
        return late.attempts();
      } catch (ReplicaLost e) {
        Thread.onSpinWait();
      }
    }
  }

  /// A failure may be reported before the mesh listens to the link of the actor that failed.
  @Test
  void actorsThatFailAtOnceLeaveNoListenersBehind() {
    RestartPolicy atOnce =
        new RestartPolicy.Backoff(
            Duration.ZERO, Duration.ZERO, FAILURES + 1, Duration.ofMinutes(1));
    try (Job job = Job.start(JobOptions.named("test").with(Processes.THREADS))) {
      OwnedMesh<Late> mesh =
          job.hosts()
              .spawnProcs(Map.of("procs", 1))
              .spawn(
                  "late",
                  Late.class,
                  (Factory.Of0<Late>) LateActor::new,
                  List.of(),
                  ActorOptions.defaults().withRestart(atOnce));
      assertThat(attempts(mesh.only())).isEqualTo(FAILURES + 1);
      // It may answer before there is a listener; listeners left behind by others stay.
      while (mesh.supervision().numListening() == 0) {
        Thread.onSpinWait();
      }
      assertThat(mesh.supervision().numListening()).isEqualTo(1);
    }
  }
}
