package dev.burnish.service;

import static dev.burnish.service.ServiceOptions.replicas;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.mesh.Job;
import dev.burnish.mesh.JobOptions;
import dev.burnish.mesh.JobOptions.Processes;
import dev.burnish.mesh.placement.Unplaceable;
import dev.burnish.service.scaling.Scaling;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Services on a host that reports eight devices.
class PlacedServiceTest {
  private static final Duration SOON = Duration.ofSeconds(60);

  private final Job job = start();

  private static Job start() {
    System.setProperty("burnish.gpus", "0,1,2,3,4,5,6,7");
    try {
      return Job.start(JobOptions.named("test").with(Processes.THREADS));
    } finally {
      System.clearProperty("burnish.gpus");
    }
  }

  @AfterEach
  void close() {
    job.close();
  }

  private OwnedService<Tally> service(ServiceOptions options) {
    return Service.start(job.hosts(), "tally", Tally.class, TallyActor::new, 0, options);
  }

  private List<Integer> free() {
    return job.hosts().free().getFirst().free().gpus();
  }

  @Test
  void replicasTakeDevicesAndGiveThemBack() {
    OwnedService<Tally> service = service(replicas(2).procs(2).gpus(2));
    assertThat(free()).containsExactly(4, 5, 6, 7);
    service.awaitHealthy(2, SOON);
    service.scaleTo(3);
    assertThat(free()).containsExactly(6, 7);
    service.scaleTo(1);
    assertThat(free()).containsExactly(2, 3, 4, 5, 6, 7);
    service.route().die();
    TallyActor.letDie();
    Waiting.until("a restart", () -> service.metrics().restarts() == 1);
    service.awaitHealthy(1, SOON);
    assertThat(free()).hasSize(6);
    service.close();
    assertThat(free()).hasSize(8);
  }

  @Test
  void thereIsRoomForAllReplicasOrForNone() {
    assertThatThrownBy(() -> service(replicas(3).procs(3).gpus(3)))
        .isInstanceOf(Unplaceable.class)
        .hasMessageContaining("the processes of tally/2: procs=3")
        .hasMessageContaining("GPUs [6, 7] of [0, 1, 2, 3, 4, 5, 6, 7] free");
    assertThat(free()).isEqualTo(IntStream.range(0, 8).boxed().toList());
    assertThatThrownBy(() -> service(replicas(1).procs(3).gpus(4)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("service.gpus=4 service.procs=3");
  }

  @Test
  void lightReplicasShareTheirCores() {
    int cores = Runtime.getRuntime().availableProcessors();
    OwnedService<Tally> service = service(replicas(cores + 3));
    service.awaitHealthy(cores + 3, SOON);
    assertThat(service.gather(Tally::value)).hasSize(cores + 3);
    assertThatThrownBy(() ->
            Service.start(
                job.hosts(),
                "greedy",
                Tally.class,
                TallyActor::new,
                0,
                replicas(cores + 1).exclusive(1, 0)))
        .isInstanceOf(Unplaceable.class)
        .hasMessageContaining("cores=1");
  }

  @Test
  void theNumberOfReplicasFollowsTheCallsThatWait() throws Exception {
    OwnedService<Tally> service = service(replicas(1).concurrency(1));
    service.autoscale(
        Scaling.between(1, 4)
            .withTimes(Duration.ZERO, Duration.ofMillis(50), Duration.ofMillis(5)));
    List<Thread> callers =
        IntStream.range(0, 12)
            .mapToObj(i -> Thread.ofVirtual().start(() -> service.route().hang()))
            .toList();
    Waiting.until("it has grown", () -> service.replicas().size() == 4);
    service.awaitHealthy(4, SOON);
    while (callers.stream().anyMatch(Thread::isAlive)) {
      service
          .replicaSet()
          .replicas()
          .forEach(replica -> replica.actors().ifPresent(actors -> actors.fanout(Tally::release)));
    }
    Waiting.until("it has shrunk", () -> service.replicas().size() == 1);
    assertThat(service.route().value()).isZero();
    assertThat(service.metrics().numFailed()).isZero();
  }
}
