package dev.burnish.service;

import static dev.burnish.service.ServiceOptions.replicas;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.actor.ActorSystem;
import dev.burnish.actor.Factory;
import dev.burnish.actor.Supervisor.Failure;
import dev.burnish.link.failure.ReplicaLost;
import dev.burnish.mesh.Job;
import dev.burnish.mesh.JobOptions;
import dev.burnish.mesh.ProcMesh;
import dev.burnish.mesh.host.Jobs;
import dev.burnish.service.ServiceMetrics.FailureKind;
import dev.burnish.service.ServiceOptions.Health;
import dev.burnish.testing.Signals;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Services when real processes end or stop.
class ServiceProcessesTest {
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final Health QUICK =
      Health.defaults()
          .withProbe(Duration.ofMillis(50), Duration.ofSeconds(2))
          .withDraining(Duration.ofSeconds(1));

  private final BlockingQueue<Failure> unhandled = new LinkedBlockingQueue<>();
  private final Job job = Job.start(JobOptions.named("test").with(line -> {}));

  ServiceProcessesTest() {
    job.onUnhandled(unhandled::add);
  }

  @AfterEach
  void close() {
    job.close();
  }

  private OwnedService<Tally> service(int value, ServiceOptions options) {
    OwnedService<Tally> service =
        Service.start(
            job.hosts(), "tally", Tally.class, TallyActor::new, value, options.health(QUICK));
    service.awaitHealthy(options.size().replicas(), SOON);
    return service;
  }

  private static void awaitRestart(OwnedService<Tally> service, int numRestarts) {
    Waiting.until("a restart", () -> service.metrics().restarts() >= numRestarts);
  }

  /// The anchor's idle dead replica stays healthy until somebody calls it.
  @Test
  void anIdleReplicaThatIsKilledIsReplacedWithoutACall() throws Exception {
    OwnedService<Tally> service = service(4, replicas(2));
    long before = service.pids(1).getFirst();
    Signals.send("KILL", before);
    awaitRestart(service, 1);
    service.awaitHealthy(2, SOON);
    assertThat(service.pids(1).getFirst()).isNotEqualTo(before);
    assertThat(service.replicas().get(1).reason()).contains("ended by signal 9");
    assertThat(service.gather(Tally::value)).containsExactly(4, 4);
    assertThat(service.metrics().numFailed()).isZero();
    assertThat(service.replicas().get(0).numRestarts()).isZero();
    assertThat(unhandled).isEmpty();
  }

  /// Exit codes and links say nothing of a process that is stopped: only the health check does.
  @Test
  void aReplicaThatIsStoppedIsLostAndReplaced() throws Exception {
    OwnedService<Tally> service = service(4, replicas(2));
    Signals.stop(service.pids(0).getFirst());
    awaitRestart(service, 1);
    service.awaitHealthy(2, SOON);
    assertThat(service.replicas().get(0).reason()).contains("does not say that it lives");
    assertThat(service.gather(Tally::value)).containsExactly(4, 4);
  }

  @Test
  void aBusyReplicaIsNotTakenForAStoppedOne() throws Exception {
    OwnedService<Tally> service = service(0, replicas(1));
    Thread caller = Thread.ofVirtual().start(() -> service.route().spin(3000));
    caller.join();
    assertThat(service.replicas().getFirst().numRestarts()).isZero();
  }

  @Test
  void aCallUnderWayFailsAndWhatWaitsGoesToAHealthyReplicaAtOnce() throws Exception {
    OwnedService<Tally> service = service(0, replicas(2).concurrency(1));
    List<Long> pids = List.of(service.pids(0).getFirst(), service.pids(1).getFirst());
    BlockingQueue<Object> outcomes = new LinkedBlockingQueue<>();
    for (int i = 0; i < 2; i++) {
      Thread.ofVirtual().start(() -> outcomes.add(outcome(() -> service.route().hang())));
    }
    Waiting.until("both are busy", () -> service.metrics().utilisation() == 1);
    for (int i = 0; i < 4; i++) {
      Thread.ofVirtual().start(() -> outcomes.add(outcome(() -> service.route().pid())));
    }
    Waiting.until("four wait", () -> service.metrics().numQueued() == 4);
    Signals.send("KILL", pids.get(0));
    assertThat(outcomes.take()).isInstanceOf(ReplicaLost.class);
    service.client().dispatcher().healthy().stream()
        .map(slot -> service.replicaSet().replicas().get(slot.replica()))
        .forEach(replica -> replica.actors().orElseThrow().fanout(Tally::release));
    List<Object> others = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      others.add(outcomes.take());
    }
    assertThat(others).filteredOn(o -> o.equals("done")).hasSize(1);
    assertThat(others).filteredOn(o -> o instanceof Long).hasSize(4);
    assertThat(service.metrics().failures()).containsEntry(FailureKind.LOST, 1L);
  }

  private static Object outcome(java.util.concurrent.Callable<?> call) {
    try {
      return call.call();
    } catch (Exception e) {
      return e;
    }
  }

  private static Object outcome(Runnable call) {
    try {
      call.run();
      return "done";
    } catch (RuntimeException e) {
      return e;
    }
  }

  /// The anchor retries every failed call, without end, and loses the first error.
  @Test
  void onlyIdempotentEndpointsAreDoneAgainWithinABudgetThatKeepsTheFirstCause() throws Exception {
    OwnedService<Tally> service = service(0, replicas(2).retries(2));
    assertThatThrownBy(() -> service.route().exit(3)).isInstanceOf(ReplicaLost.class);
    awaitRestart(service, 1);
    service.awaitHealthy(2, SOON);
    assertThat(service.metrics().restarts()).as("once, not at every replica").isEqualTo(1);
    assertThatThrownBy(() -> service.route().exitAgain(4))
        .isInstanceOf(ReplicaLost.class)
        .satisfies(e -> assertThat(e.getSuppressed()).as("the tries after the first").hasSize(2));
    awaitRestart(service, 4);
    service.awaitHealthy(2, SOON);
    assertThat(service.metrics().restarts()).isEqualTo(4);
    assertThat(service.route().value()).isZero();
    assertThat(service.metrics().failures()).containsEntry(FailureKind.LOST, 2L);
  }

  @Test
  void aSessionIsToldOfALossInTheCallThatWasUnderWay() throws Exception {
    OwnedService<Tally> service = service(0, replicas(2));
    try (Session<Tally> session = service.session()) {
      session.actor().add(1);
      int replica = session.replica().orElseThrow();
      assertThatThrownBy(() -> session.actor().exitAgain(3)).isInstanceOf(ReplicaLost.class);
      assertThat(session.rebinds()).isEqualTo(1);
      assertThat(session.actor().value()).isZero();
      assertThat(session.replica()).isPresent();
      assertThat(session.replica().orElseThrow()).isNotEqualTo(replica);
    }
  }

  /// Hosts whose processes report that they cannot be closed.
  private record NotClosing(ReplicaHosting hosts) implements ReplicaHosting {
    @Override
    public ActorSystem system() {
      return hosts.system();
    }

    @Override
    public ProcMesh spawn(String replica) {
      return hosts.spawn(replica);
    }

    @Override
    public void close(ProcMesh procs) {
      procs.close();
      throw new IllegalStateException("it does not close");
    }

    @Override
    public void escalate(Failure failure) {
      hosts.escalate(failure);
    }

    @Override
    public void leave() {
      hosts.leave();
    }
  }

  @Test
  void recoveryContinuesWhenClosingTheDeadActorThrows() throws Exception {
    ServiceOptions options = replicas(1).health(QUICK);
    ReplicaHosting hosts =
        new ReplicaHosting.Kept(job.hosts().keptBy(() -> {}, failure -> true), options.size());
    Factory.Of1<TallyActor, Integer> factory = TallyActor::new;
    OwnedService<Tally> service =
        OwnedService.launch(
            new NotClosing(hosts),
            new ReplicaSet.Blueprint<>("tally", Tally.class, factory, List.of(6)),
            options);
    Signals.send("KILL", service.route().pid());
    awaitRestart(service, 1);
    assertThat(service.route().value()).isEqualTo(6);
  }

  @Test
  void aHandleElsewhereGoesOnWhenAReplicaIsKilled() throws Exception {
    OwnedService<Tally> service = service(3, replicas(2));
    OwnedService<Tally> user =
        Service.start(job.hosts(), "user", Tally.class, TallyActor::new, 0, replicas(1));
    assertThat(user.route().askSquares(service, 10)).isEqualTo(285);
    Signals.send("KILL", service.pids(0).getFirst());
    assertThat(user.route().askSquares(service, 10)).isEqualTo(285);
    awaitRestart(service, 1);
    service.awaitHealthy(2, SOON);
    Signals.send("KILL", service.pids(1).getFirst());
    assertThat(user.route().askSquares(service, 10)).isEqualTo(285);
  }

  @Test
  void noProcessIsLeftWhenTheServiceStops() throws Exception {
    OwnedService<Tally> service = service(0, replicas(2).procs(2));
    List<Long> pids = new ArrayList<>(service.pids(0));
    pids.addAll(service.pids(1));
    assertThat(pids).hasSize(4).doesNotHaveDuplicates();
    service.close();
    assertThat(pids).allMatch(pid -> ProcessHandle.of(pid).isEmpty());
  }

  @Test
  void psShowsServicesFromOutside() {
    OwnedService<Tally> service = service(0, replicas(2));
    service.route().add(1);
    assertThat(Jobs.status(job.id()).sections())
        .singleElement()
        .satisfies(note -> {
          assertThat(note.title()).isEqualTo("service tally");
          assertThat(note.lines()).hasSize(3);
          assertThat(note.lines().getFirst())
              .startsWith("requests 1  failed 0")
              .contains("queued 0");
          assertThat(note.lines().get(1)).startsWith("tally/0").contains("healthy");
        });
    service.close();
    assertThat(Jobs.status(job.id()).sections()).isEmpty();
  }
}
