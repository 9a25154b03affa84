package dev.burnish.service;

import static dev.burnish.service.ServiceOptions.replicas;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.actor.Supervisor.Failure;
import dev.burnish.concurrent.Scope;
import dev.burnish.launch.Resources;
import dev.burnish.mesh.HostMesh;
import dev.burnish.mesh.HostProgram;
import dev.burnish.mesh.Job;
import dev.burnish.mesh.JobOptions;
import dev.burnish.mesh.ProcMesh;
import dev.burnish.mesh.Programs;
import dev.burnish.mesh.RestartPolicy;
import dev.burnish.mesh.placement.Demand;
import dev.burnish.mesh.placement.HostFree;
import dev.burnish.mesh.placement.Placement;
import dev.burnish.mesh.placement.Unplaceable;
import dev.burnish.service.scaling.Scaling;
import java.io.IOException;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Several hosts: replicas are spread, and when a host is lost, those that ran there move to the
/// others.
class LostHostTest {
  private static final Duration SOON = Duration.ofMinutes(1);

  private final BlockingQueue<Failure> unhandled = new LinkedBlockingQueue<>();
  private final List<Process> workers = new ArrayList<>();
  private final Job job =
      Job.start(
          JobOptions.named("test").with(line -> {}).withReach(InetAddress.getLoopbackAddress()));

  LostHostTest() {
    job.onUnhandled(unhandled::add);
  }

  @AfterEach
  void close() throws Exception {
    job.close();
    for (Process worker : workers) {
      worker.destroyForcibly().waitFor();
    }
  }

  private void join(String host) throws IOException {
    List<String> command = new ArrayList<>(Programs.command(HostProgram.class));
    command.addAll(List.of(job.ticket().text(), host));
    workers.add(new ProcessBuilder(command).inheritIO().start());
  }

  @Test
  void replicasGoWhereThereIsRoomAndTheServiceIsScaledOn() throws Exception {
    join("one");
    join("two");
    HostMesh hosts = job.awaitHosts(2);
    OwnedService<Dial> dials =
        Service.start(
            hosts,
            "dial",
            Dial.class,
            DialActor::new,
            replicas(2)
                .restart(
                    new RestartPolicy.Backoff(
                        Duration.ofMillis(50), Duration.ofMillis(500), 20, Duration.ofHours(1))));
    dials.awaitHealthy(2, SOON);
    dials.update("number", dial -> dial.set(7));
    String lost = dials.gather(Dial::where).getFirst();
    String left = lost.equals("one") ? "two" : "one";
    workers.get(lost.equals("one") ? 0 : 1).destroyForcibly().waitFor();
    List<Outcome<String>> there =
        List.of(new Outcome.Value<>(0, left), new Outcome.Value<>(1, left));
    Waiting.until("all are at the other", () -> dials.gatherPartial(Dial::where).equals(there));
    assertThat(dials.metrics().restarts()).isPositive();
    assertThat(dials.gather(Dial::get)).containsOnly(7);
    dials.scaleTo(3);
    dials.awaitHealthy(3, SOON);
    dials.autoscale(
        Scaling.between(1, 2).withTimes(Duration.ZERO, Duration.ZERO, Duration.ofMillis(20)));
    Waiting.until("it shrinks", () -> dials.replicas().size() == 1);
    assertThat(dials.gather(Dial::get)).containsOnly(7);
    assertThat(hosts.free()).extracting(HostFree::host).containsExactly(left);
    try (ProcMesh procs = placed(hosts, new Demand(1, 0, 0))) {
      procs.await();
    }
    assertThatThrownBy(() -> placed(hosts, new Demand(100_000, 0, 0)))
        .isInstanceOf(Unplaceable.class)
        .hasMessageContaining(left + ": ")
        .hasMessageContaining("; hosts that do not answer: " + lost + ": ");
    assertThat(unhandled).isEmpty();
  }

  /// Before any of the processes runs.
  @Test
  void processesThatArePlacedAtOnceAreSpread() throws Exception {
    join("one");
    join("two");
    HostMesh hosts = job.awaitHosts(2);
    List<ProcMesh> placed =
        Scope.map(Collections.nCopies(6, Demand.none()), each -> placed(hosts, each));
    assertThat(hosts.free()).extracting(host -> host.processes().size()).containsExactly(3, 3);
    placed.forEach(ProcMesh::await);
    assertThat(hosts.free()).extracting(host -> host.processes().size()).containsExactly(3, 3);
    placed.forEach(ProcMesh::close);
    assertThat(hosts.free()).extracting(HostFree::processes).containsOnly(List.of());
  }

  private static ProcMesh placed(HostMesh hosts, Demand each) {
    return hosts.spawnProcs("placed", 1, each, Resources.light(), Placement.spread());
  }

  /// Whatever stops it from growing, it tries again.
  @Test
  void aServiceThatCannotGrowGrowsWhenItCan() throws Exception {
    join("one");
    HostMesh hosts = job.awaitHosts(1);
    int cores = hosts.free().getFirst().capacity().cores();
    ProcMesh holding = placed(hosts, new Demand(cores - 1, 0, 0));
    OwnedService<Dial> dials =
        Service.start(
            hosts, "dial", Dial.class, DialActor::new, replicas(1).concurrency(1).exclusive(1, 0));
    dials.awaitHealthy(1, SOON);
    dials.autoscale(
        Scaling.between(1, 2).withTimes(Duration.ZERO, Duration.ofHours(1), Duration.ofMillis(5)));
    List<Thread> callers = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      callers.add(Thread.ofVirtual().start(() -> dials.route().hold()));
    }
    Waiting.until("it cannot grow", () -> dials.metrics().scalingFailures() > 1);
    assertThat(dials.metrics().describe("dial").getFirst()).contains("not scaled");
    holding.close();
    dials.awaitHealthy(2, SOON);
    while (callers.stream().anyMatch(Thread::isAlive)) {
      dials.fanout(Dial::release);
    }
  }
}
