package dev.burnish.service;

import static dev.burnish.service.ServiceOptions.replicas;
import static org.assertj.core.api.Assertions.assertThat;

import dev.burnish.link.failure.ReplicaLost;
import dev.burnish.mesh.Job;
import dev.burnish.mesh.JobOptions;
import dev.burnish.mesh.JobOptions.Processes;
import dev.burnish.service.ServiceOptions.Health;
import dev.burnish.service.routing.Balancing;
import dev.burnish.service.scaling.Scaling;
import dev.burnish.testing.Signals;
import java.time.Duration;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Calls, sessions and changes as processes other than the owner's see them.
class OtherProcessesTest {
  private static final Duration SOON = Duration.ofSeconds(60);

  private Optional<Job> started = Optional.empty();

  @AfterEach
  void close() {
    started.ifPresent(Job::close);
  }

  private Job job(Processes processes) {
    Job job = Job.start(JobOptions.named("test").with(processes).with(line -> {}));
    started = Optional.of(job);
    return job;
  }

  private static OwnedService<Dial> dials(Job job, ServiceOptions options) {
    OwnedService<Dial> dials =
        Service.start(job.hosts(), "dial", Dial.class, DialActor::new, options);
    dials.awaitHealthy(options.size().replicas(), SOON);
    return dials;
  }

  private static DialUser user(Job job, OwnedService<Dial> dials) {
    return job.hosts()
        .spawnProcs(Map.of("users", 1))
        .spawn("user", DialUser.class, DialUserActor::new, dials)
        .only();
  }

  private static int numHeld(OwnedService<Dial> dials) {
    return dials.gather(Dial::numHeld).stream().mapToInt(n -> n).sum();
  }

  private static void release(OwnedService<Dial> dials) {
    dials.replicaSet().replicas().stream()
        .flatMap(replica -> replica.actors().stream())
        .forEach(actors -> {
          try {
            actors.only().release();
          } catch (ReplicaLost e) {
            assertThat(actors.lost()).as("it was removed meanwhile").isNotEmpty();
          }
        });
  }

  private static boolean drains(OwnedService<Dial> dials) {
    return dials.replicas().stream().anyMatch(replica -> replica.state() == ReplicaState.DRAINING);
  }

  @Test
  void aChangeThatHasReturnedIsSeenEverywhereAlsoWhileReplicasDrain() throws Exception {
    Job job = job(Processes.THREADS);
    OwnedService<Dial> dials = dials(job, replicas(2));
    DialUser user = user(job, dials);
    dials.update("number", dial -> dial.set(1));
    assertThat(user.read(8)).containsOnly(1);
    user.open();
    Session<Dial> one = dials.session();
    Session<Dial> two = dials.session();
    one.actor().get();
    two.actor().get();
    Thread scaling = Thread.ofVirtual().start(() -> dials.scaleTo(1));
    Waiting.until("one drains", () -> drains(dials));
    for (int i = 2; i < 6; i++) {
      int number = i;
      dials.update("number", dial -> dial.set(number));
      assertThat(user.read(8)).containsOnly(number);
      assertThat(user.readInSession()).isEqualTo(number);
      assertThat(one.actor().get() + two.actor().get()).isEqualTo(2 * number);
    }
    one.close();
    two.close();
    user.end();
    scaling.join();
    assertThat(user.read(8)).containsOnly(5);
  }

  @Test
  void scalingDownLetsCallsOfOtherProcessesEnd() throws Exception {
    Job job = job(Processes.THREADS);
    OwnedService<Dial> dials = dials(job, replicas(3));
    DialUser user = user(job, dials);
    user.begin(6);
    Waiting.until("all are held", () -> numHeld(dials) == 6);
    Thread scaling = Thread.ofVirtual().start(() -> dials.scaleTo(1));
    Waiting.until("two drain", () -> dials.client().dispatcher().healthy().size() == 1);
    assertThat(user.read(5)).as("calls go to the other").hasSize(5);
    assertThat(scaling.isAlive()).isTrue();
    release(dials);
    scaling.join();
    assertThat(user.outcomes()).isEqualTo(Collections.nCopies(6, "1"));
    assertThat(dials.replicas()).hasSize(1);
  }

  @Test
  void scalingDownLetsSessionsOfOtherProcessesEnd() throws Exception {
    Job job = job(Processes.THREADS);
    OwnedService<Dial> dials = dials(job, replicas(2).balancing(Balancing.ROUND_ROBIN));
    DialUser user = user(job, dials);
    dials.replicaSet().replicas().get(1).actors().orElseThrow().fanout(dial -> dial.set(9));
    user.open();
    while (user.readInSession() != 9) {
      user.end();
      user.open();
    }
    Thread scaling = Thread.ofVirtual().start(() -> dials.scaleTo(1));
    Waiting.until("it drains", () -> dials.client().dispatcher().healthy().size() == 1);
    for (int i = 0; i < 50; i++) {
      assertThat(user.readInSession()).isEqualTo(9);
    }
    assertThat(drains(dials)).isTrue();
    user.end();
    scaling.join();
    assertThat(dials.replicas()).hasSize(1);
  }

  @Test
  void stoppingLetsCallsOfOtherProcessesEndAndTakesNoFurtherOnes() throws Exception {
    Job job = job(Processes.THREADS);
    OwnedService<Dial> dials = dials(job, replicas(2));
    DialUser user = user(job, dials);
    user.begin(4);
    Waiting.until("all are held", () -> numHeld(dials) == 4);
    Thread stopping = Thread.ofVirtual().start(() -> dials.stop(SOON));
    Waiting.until(
        "the other takes no calls",
        () -> Assertions.catchThrowable(() -> user.read(1)) instanceof ReplicaLost);
    assertThat(stopping.isAlive()).isTrue();
    release(dials);
    stopping.join();
    assertThat(user.outcomes()).isEqualTo(Collections.nCopies(4, "1"));
  }

  @Test
  void whatIsCutIsLostAndNeverAResult() throws Exception {
    Job job = job(Processes.THREADS);
    OwnedService<Dial> dials = dials(job, replicas(2));
    DialUser user = user(job, dials);
    user.begin(6);
    Waiting.until("all are held", () -> numHeld(dials) == 6);
    dials.stop(Duration.ofMillis(20));
    assertThat(user.outcomes()).isEqualTo(Collections.nCopies(6, "ReplicaLost"));
  }

  @Test
  void theNumberOfReplicasFollowsTheCallsOfAllProcesses() throws Exception {
    Job job = job(Processes.THREADS);
    OwnedService<Dial> dials = dials(job, replicas(1).concurrency(2));
    DialUser user = user(job, dials);
    user.begin(12);
    dials.autoscale(
        Scaling.between(1, 3)
            .withTimes(Duration.ZERO, Duration.ofMillis(50), Duration.ofMillis(5)));
    Waiting.until("it has grown", () -> dials.replicas().size() == 3);
    dials.awaitHealthy(3, SOON);
    Waiting.until("all permits are taken", () -> numHeld(dials) == 6);
    while (dials.replicas().size() > 1) {
      release(dials);
    }
    assertThat(user.outcomes()).isEqualTo(Collections.nCopies(12, "1"));
  }

  /// It is declared lost, and resumes when others were told: no call is sent there any more.
  @Test
  void aReplicaThatWasStoppedAndContinuesServesNothingOld() throws Exception {
    Job job = job(Processes.JVMS);
    OwnedService<Dial> dials =
        dials(
            job,
            replicas(2)
                .health(Health.defaults().withProbe(Duration.ofMillis(50), Duration.ofSeconds(1))));
    DialUser user = user(job, dials);
    for (int i = 1; i <= 3; i++) {
      int number = i;
      dials.update("number", dial -> dial.set(number));
      assertThat(user.read(8)).containsOnly(number);
      long pid = dials.pids(i % 2).getFirst();
      Signals.stop(pid);
      dials.update("number", dial -> dial.set(10 + number));
      Signals.resume(pid);
      assertThat(user.read(8)).containsOnly(10 + number);
      dials.awaitHealthy(2, SOON);
      assertThat(user.read(8)).containsOnly(10 + number);
    }
  }
}
