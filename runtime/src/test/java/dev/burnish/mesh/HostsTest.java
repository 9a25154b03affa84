package dev.burnish.mesh;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.burnish.actor.ActorSystemSettings;
import dev.burnish.actor.Supervisor.Failure;
import dev.burnish.launch.LogLine;
import dev.burnish.launch.Resources;
import dev.burnish.link.LinkSettings;
import dev.burnish.link.Region;
import dev.burnish.link.failure.CallTimedOut;
import dev.burnish.link.failure.ReplicaLost;
import dev.burnish.mesh.host.HostWorker;
import dev.burnish.mesh.host.JobFolder;
import dev.burnish.mesh.host.JoinTicket;
import dev.burnish.testing.Signals;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Hosts that joined: agents as processes of their own, reached over TLS; and in network
/// namespaces.
class HostsTest {
  private static final String NAMESPACE = "burnish" + ProcessHandle.current().pid();
  private static final String OUTSIDE = "bn" + ProcessHandle.current().pid() + "o";
  private static final String INSIDE = "bn" + ProcessHandle.current().pid() + "i";

  private final BlockingQueue<Failure> unhandled = new LinkedBlockingQueue<>();
  private final BlockingQueue<LogLine> printed = new LinkedBlockingQueue<>();
  private final List<Process> workers = new ArrayList<>();
  private Optional<Job> started = Optional.empty();
  private boolean namespace;

  private Job job(InetAddress bind, LinkSettings link) {
    Job job =
        Job.start(
            JobOptions.named("test")
                .with(ActorSystemSettings.defaults().withLink(link))
                .with(printed::add)
                .withReach(bind));
    job.onUnhandled(unhandled::add);
    started = Optional.of(job);
    return job;
  }

  private void join(Job job, String host, String... before) throws IOException {
    List<String> command = new ArrayList<>(List.of(before));
    command.addAll(Programs.command(HostProgram.class));
    command.addAll(List.of(job.ticket().text(), host));
    workers.add(new ProcessBuilder(command).inheritIO().start());
  }

  @AfterEach
  void close() throws Exception {
    started.ifPresent(Job::close);
    for (Process worker : workers) {
      worker.destroyForcibly().waitFor();
    }
    if (namespace) {
      run("ip", "netns", "del", NAMESPACE);
    }
  }

  interface Sums {
    long sum(Region region);

    Region region(int size);

    String host();

    List<String> hosts(ActorMesh<Sums> all);

    void print(String line);
  }

  static final class SumsActor implements Sums {
    @Override
    public long sum(Region region) {
      long sum = 0;
      for (long i = 0; i < region.size(); i++) {
        sum += region.segment().get(ValueLayout.JAVA_BYTE, i);
      }
      return sum;
    }

    @Override
    public Region region(int size) {
      Region region = Region.allocate(size);
      region.segment().fill((byte) 2);
      return region;
    }

    @Override
    public String host() {
      return dev.burnish.actor.Context.current().system().self().host();
    }

    @Override
    public List<String> hosts(ActorMesh<Sums> all) {
      return all.gather(Sums::host);
    }

    @Override
    public void print(String line) {
      System.out.println(line);
    }
  }

  @Test
  void hostsJoinAndTheirProcessesTalkToEachOther() throws Exception {
    Job job = job(InetAddress.getLoopbackAddress(), LinkSettings.defaults());
    join(job, "box");
    join(job, "box");
    ProcMesh procs =
        job.awaitHosts(2).spawnProcs("sums", Map.of("gpus", 1), i -> Resources.light());
    OwnedMesh<Sums> sums = procs.spawn("sums", Sums.class, SumsActor::new);
    OwnedMesh<Sums> others = procs.spawn("others", Sums.class, SumsActor::new);
    assertThat(sums.gather(Sums::host)).doesNotHaveDuplicates().allMatch(h -> h.startsWith("box"));
    assertThat(sums.gather(s -> s.hosts(others)))
        .containsExactly(sums.gather(Sums::host), sums.gather(Sums::host));
    int size = 5_000_001;
    try (Region region = Region.allocate(size)) {
      region.segment().fill((byte) 1);
      assertThat(sums.gather(s -> s.sum(region))).containsExactly((long) size, (long) size);
    }
    try (Region shared = Region.allocateShared(size)) {
      assertThatThrownBy(() -> sums.at("hosts", 1).choose().sum(shared))
          .hasMessageContaining("memory that processes share must stay on its host");
    }
    try (Region back = sums.at("hosts", 1).choose().region(1000)) {
      assertThat(back.segment().get(ValueLayout.JAVA_BYTE, 999)).isEqualTo((byte) 2);
    }
    sums.at("hosts", 1).choose().print("from afar");
    LogLine line = printed.take();
    assertThat(line.text()).isEqualTo("from afar");
    assertThat(line.process()).isEqualTo("sums/1");
  }

  @Test
  void aKilledHostIsSeenAndTakesItsProcessesAlong() throws Exception {
    Job job = job(InetAddress.getLoopbackAddress(), LinkSettings.defaults());
    join(job, "box");
    OwnedMesh<Counter> counters =
        job.awaitHosts(1)
            .spawnProcs(Map.of("gpus", 1))
            .spawn("counters", Counter.class, CounterActor::new, 0);
    long pid = counters.only().pid();
    workers.getFirst().destroyForcibly().waitFor();
    assertThat(unhandled.take().place().host()).isEqualTo("box");
    Optional<ProcessHandle> orphan = ProcessHandle.of(pid);
    if (orphan.isPresent()) {
      orphan.get().onExit().get();
    }
  }

  @Test
  void aHostEndsWithItsController() throws Exception {
    Job job = job(InetAddress.getLoopbackAddress(), LinkSettings.defaults());
    join(job, "box");
    job.awaitHosts(1);
    job.close();
    assertThat(workers.getFirst().waitFor()).isZero();
  }

  @Test
  void aHostWithoutTheSecretIsRefused() {
    Job job = job(InetAddress.getLoopbackAddress(), LinkSettings.defaults());
    JoinTicket ticket = job.ticket();
    assertThatThrownBy(() ->
            HostWorker.serve(
                new JoinTicket(ticket.address(), ticket.fingerprint(), new byte[32]), "stranger"))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("refused");
    assertThatThrownBy(() ->
            HostWorker.serve(
                new JoinTicket(ticket.address(), new byte[32], ticket.secret()), "misled"))
        .isInstanceOf(IOException.class);
  }

  /// Six hundred connections, which send nothing.
  @Test
  void aHostJoinsWhileStrangersHoldConnections() throws Exception {
    Logger log = Logger.getLogger("dev.burnish.link.transport");
    log.setLevel(Level.OFF);
    Job job = job(InetAddress.getLoopbackAddress(), LinkSettings.defaults());
    int port = Integer.parseInt(job.ticket().address().replaceAll(".*:", ""));
    List<Socket> strangers = new ArrayList<>();
    try {
      for (int i = 0; i < 600; i++) {
        strangers.add(new Socket(InetAddress.getLoopbackAddress(), port));
      }
      join(job, "box");
      OwnedMesh<Counter> counters =
          job.awaitHosts(1)
              .spawnProcs(Map.of("gpus", 1))
              .spawn("counters", Counter.class, CounterActor::new, 4);
      assertThat(counters.only().value()).isEqualTo(4);
    } finally {
      log.setLevel(Level.INFO);
      for (Socket stranger : strangers) {
        stranger.close();
      }
    }
  }

  /// A host that is told to end, or killed, leaves no folder: the latter's goes with the next job.
  @Test
  void aHostThatEndsLeavesNoFolder() throws Exception {
    Job job = job(InetAddress.getLoopbackAddress(), LinkSettings.defaults());
    join(job, "asked");
    join(job, "killed");
    job.awaitHosts(2);
    List<Path> folders =
        workers.stream().map(worker -> JobFolder.base().resolve("worker-" + worker.pid())).toList();
    assertThat(folders).allSatisfy(folder -> assertThat(folder).isDirectory());
    workers.get(0).destroy();
    workers.get(1).destroyForcibly();
    for (Process worker : workers) {
      worker.waitFor();
    }
    assertThat(folders.get(0)).doesNotExist();
    JobFolder.create("next").close();
    assertThat(folders.get(1)).doesNotExist();
  }

  /// A host that does not run for a while is late, but not lost.
  @Test
  void aSlowHostIsWaitedFor() throws Exception {
    Job job = job(InetAddress.getLoopbackAddress(), LinkSettings.defaults());
    join(job, "slow");
    OwnedMesh<Counter> counters =
        job.awaitHosts(1)
            .spawnProcs(Map.of("gpus", 1))
            .spawn("counters", Counter.class, CounterActor::new, 4);
    long pid = counters.only().pid();
    long agent = workers.getFirst().pid();
    for (int i = 0; i < 3; i++) {
      Signals.stop(agent, pid);
      assertThatThrownBy(() -> counters.within(Duration.ofMillis(500)).only().value())
          .isInstanceOf(CallTimedOut.class);
      Signals.resume(agent, pid);
      assertThat(counters.only().value()).isEqualTo(4);
    }
    assertThat(unhandled).isEmpty();
  }

  /// It accepts connections, and sends nothing on them.
  @Test
  void aFrozenHostIsLostAndNobodyWaitsForIt() throws Exception {
    Job job =
        job(
            InetAddress.getLoopbackAddress(),
            LinkSettings.defaults().withDetection(Duration.ofMillis(200), Duration.ofMillis(1500)));
    join(job, "frozen");
    OwnedMesh<Counter> counters =
        job.awaitHosts(1)
            .spawnProcs(Map.of("gpus", 1))
            .spawn("counters", Counter.class, CounterActor::new, 4);
    long pid = counters.only().pid();
    Signals.stop(workers.getFirst().pid(), pid);
    assertThat(unhandled.take().place().host()).isEqualTo("frozen");
    assertThatThrownBy(() -> counters.only().value()).isInstanceOf(ReplicaLost.class);
    job.close();
    ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
  }

  @Test
  void aPartitionIsSeenByBothSides() throws Exception {
    namespace = run("ip", "netns", "add", NAMESPACE) == 0;
    assumeThat(namespace).as("network namespaces need root and iproute2").isTrue();
    String subnet = "10.213." + ProcessHandle.current().pid() % 250 + ".";
    assertThat(run("ip", "link", "add", OUTSIDE, "type", "veth", "peer", "name", INSIDE)).isZero();
    assertThat(run("ip", "link", "set", INSIDE, "netns", NAMESPACE)).isZero();
    assertThat(run("ip", "addr", "add", subnet + "1/24", "dev", OUTSIDE)).isZero();
    assertThat(run("ip", "link", "set", OUTSIDE, "up")).isZero();
    assertThat(run("ip", "-n", NAMESPACE, "addr", "add", subnet + "2/24", "dev", INSIDE)).isZero();
    assertThat(run("ip", "-n", NAMESPACE, "link", "set", INSIDE, "up")).isZero();
    Job job =
        job(
            InetAddress.getByName(subnet + "1"),
            LinkSettings.defaults().withDetection(Duration.ofMillis(300), Duration.ofSeconds(2)));
    join(job, "island", "ip", "netns", "exec", NAMESPACE);
    OwnedMesh<Counter> counters =
        job.awaitHosts(1)
            .spawnProcs(Map.of("gpus", 1))
            .spawn("counters", Counter.class, CounterActor::new, 4);
    assertThat(counters.only().value()).isEqualTo(4);
    assertThat(run("ip", "link", "set", OUTSIDE, "down")).isZero();
    assertThat(unhandled.take().place().host()).isEqualTo("island");
    assertThatThrownBy(() -> counters.only().value()).isInstanceOf(ReplicaLost.class);
    assertThat(workers.getFirst().waitFor()).isZero();
  }

  private static int run(String... command) throws Exception {
    try {
      return new ProcessBuilder(command).redirectErrorStream(true).start().waitFor();
    } catch (IOException e) {
      return 127;
    }
  }
}
