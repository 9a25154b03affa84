package dev.burnish.mesh;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.actor.ActorSystemSettings;
import dev.burnish.actor.Concurrent;
import dev.burnish.actor.Factory;
import dev.burnish.actor.Supervisor.Failure;
import dev.burnish.launch.LogLine;
import dev.burnish.launch.Resources;
import dev.burnish.link.LinkSettings;
import dev.burnish.link.failure.CallCancelled;
import dev.burnish.link.failure.CallTimedOut;
import dev.burnish.link.failure.ReplicaLost;
import dev.burnish.mesh.host.HostAgent;
import dev.burnish.mesh.host.JobControl;
import dev.burnish.mesh.host.JobFolder;
import dev.burnish.mesh.host.Jobs;
import dev.burnish.testing.Signals;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Failures and settings of real processes.
class ProcessesTest {
  private final BlockingQueue<Failure> unhandled = new LinkedBlockingQueue<>();
  private final BlockingQueue<LogLine> printed = new LinkedBlockingQueue<>();
  private Optional<Job> started = Optional.empty();

  private Job job(ActorSystemSettings settings) {
    Job job = Job.start(JobOptions.named("test").with(settings).with(printed::add));
    job.onUnhandled(unhandled::add);
    started = Optional.of(job);
    return job;
  }

  private OwnedMesh<Counter> counters(int gpus, ActorSystemSettings settings) {
    return job(settings)
        .hosts()
        .spawnProcs(Map.of("gpus", gpus))
        .spawn("counters", Counter.class, CounterActor::new, 0);
  }

  @AfterEach
  void close() {
    started.ifPresent(Job::close);
  }

  private static void awaitEnd(long pid) throws Exception {
    Optional<ProcessHandle> process = ProcessHandle.of(pid);
    if (process.isPresent()) {
      process.get().onExit().get();
    }
  }

  /// Source of the slices: Monarch's test_slice_supervision.
  @Test
  void aKilledProcessIsSeenWithItsSignalAndOthersGoOn() throws Exception {
    OwnedMesh<Counter> counters = counters(3, ActorSystemSettings.defaults());
    List<Long> pids = counters.gather(Counter::pid);
    assertThat(pids).doesNotHaveDuplicates().doesNotContain(ProcessHandle.current().pid());
    BlockingQueue<Throwable> thrown = new LinkedBlockingQueue<>();
    Thread.ofVirtual()
        .start(() -> {
          try {
            counters.at("gpus", 2).only().hang();
          } catch (ReplicaLost e) {
            thrown.add(e);
          }
        });
    Signals.send("KILL", pids.get(2));
    assertThat(thrown.take()).isInstanceOf(ReplicaLost.class);
    Failure failure = unhandled.take();
    assertThat(failure.reason()).contains("ended by signal 9");
    assertThat(failure.place().point().rank()).isEqualTo(2);
    assertThatThrownBy(() -> counters.gather(Counter::value))
        .isInstanceOf(ReplicaLost.class)
        .hasMessageContaining("signal 9");
    assertThatThrownBy(() -> counters.slice("gpus", 1, 3).gather(Counter::value))
        .isInstanceOf(ReplicaLost.class);
    assertThat(counters.slice("gpus", 0, 2).gather(Counter::value)).containsExactly(0, 0);
  }

  @Test
  void aProcessThatExitsIsSeenWithItsStatus() throws Exception {
    OwnedMesh<Counter> counters = counters(1, ActorSystemSettings.defaults());
    counters.only().print("the last words");
    assertThatThrownBy(() -> counters.only().exit(3)).isInstanceOf(ReplicaLost.class);
    Failure failure = unhandled.take();
    assertThat(failure.reason()).contains("exited with status 3");
    assertThat(failure.log()).contains("the last words");
    assertThat(failure.describe()).contains("counters[0]").contains("host").contains("procs/0");
  }

  interface Gate {
    @Concurrent
    void pass();

    @Concurrent
    int numWaiting();

    @Concurrent
    void open();
  }

  static final class GateActor implements Gate {
    private final CountDownLatch opened = new CountDownLatch(1);
    private final AtomicInteger numWaiting = new AtomicInteger();

    @Override
    public void pass() {
      numWaiting.incrementAndGet();
      try {
        opened.await();
      } catch (InterruptedException e) {
        throw new IllegalStateException("interrupted", e);
      }
    }

    @Override
    public int numWaiting() {
      return numWaiting.get();
    }

    @Override
    public void open() {
      opened.countDown();
    }
  }

  @Test
  void endpointsThatWaitKeepNoThreadOfTheirProcess() {
    Gate gate =
        job(ActorSystemSettings.defaults())
            .hosts()
            .spawnProcs(Map.of("gpus", 1))
            .spawn("gate", Gate.class, GateActor::new)
            .within(Duration.ofMinutes(1))
            .only();
    int many = 40;
    try (var callers = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> passed = new ArrayList<>();
      for (int i = 0; i < many; i++) {
        passed.add(callers.submit(gate::pass));
      }
      while (gate.numWaiting() < many) {
        Thread.onSpinWait();
      }
      assertThat(passed).noneMatch(Future::isDone);
      gate.open();
    }
  }

  @Test
  void aStoppedProcessMissesDeadlinesAndGoesOnLater() throws Exception {
    OwnedMesh<Counter> counters = counters(1, ActorSystemSettings.defaults());
    long pid = counters.only().pid();
    Signals.stop(pid);
    assertThatThrownBy(() -> counters.within(Duration.ofMillis(200)).only().value())
        .isInstanceOf(CallTimedOut.class);
    Signals.resume(pid);
    assertThat(counters.only().value()).isZero();
    assertThat(unhandled).isEmpty();
  }

  @Test
  void aProcessThatIsStoppedForLongIsLost() throws Exception {
    LinkSettings quick =
        LinkSettings.defaults().withDetection(Duration.ofMillis(200), Duration.ofMillis(1500));
    OwnedMesh<Counter> counters = counters(1, ActorSystemSettings.defaults().withLink(quick));
    Signals.stop(counters.only().pid());
    assertThat(unhandled.take().reason()).contains("no heartbeat");
    assertThatThrownBy(() -> counters.only().value()).isInstanceOf(ReplicaLost.class);
  }

  @Test
  void aKilledProcessIsStartedAnewWhereThePolicySaysSo() throws Exception {
    OwnedMesh<Counter> counters =
        job(ActorSystemSettings.defaults())
            .hosts()
            .spawnProcs(Map.of("gpus", 2))
            .spawn(
                "counters",
                Counter.class,
                (dev.burnish.actor.Factory.Of1<CounterActor, Integer>) CounterActor::new,
                List.of(5),
                ActorOptions.defaults().withRestart(RestartPolicy.atMost(1)));
    List<Long> before = counters.gather(Counter::pid);
    Signals.send("KILL", before.get(0));
    long now = before.get(0);
    while (now == before.get(0)) {
      try {
        now = counters.at("gpus", 0).only().pid();
      } catch (ReplicaLost e) {
        Thread.onSpinWait();
      }
    }
    assertThat(counters.gather(Counter::value)).containsExactly(5, 5);
    assertThat(counters.gather(Counter::pid).get(1)).isEqualTo(before.get(1));
    assertThat(unhandled).isEmpty();
  }

  @Test
  void processesGetTheirResources() throws Exception {
    OwnedMesh<Environment> actors =
        job(ActorSystemSettings.defaults())
            .hosts()
            .spawnProcs(
                "trainers",
                Map.of("gpus", 2),
                i ->
                    Resources.light()
                        .withCudaDevices(List.of(2 * i, 2 * i + 1))
                        .withVariable("FLAVOR", "vanilla"))
            .spawn("environment", Environment.class, EnvironmentActor::new);
    assertThat(actors.gather(e -> e.get("CUDA_VISIBLE_DEVICES"))).containsExactly("0,1", "2,3");
    assertThat(actors.gather(e -> e.get("OMP_NUM_THREADS"))).containsExactly("1", "1");
    assertThat(actors.gather(e -> e.get("FLAVOR"))).containsExactly("vanilla", "vanilla");
    assertThat(actors.gather(Environment::processors)).containsExactly(1, 1);
    actors.at("gpus", 1).only().print("hello");
    LogLine line = printed.take();
    assertThat(line.process()).isEqualTo("trainers/1");
    assertThat(line.text()).isEqualTo("hello");
  }

  interface Environment {
    String get(String name);

    int processors();

    void print(String line);
  }

  static final class EnvironmentActor implements Environment {
    @Override
    public String get(String name) {
      return System.getenv().getOrDefault(name, "");
    }

    @Override
    public int processors() {
      return Runtime.getRuntime().availableProcessors();
    }

    @Override
    public void print(String line) {
      System.out.println(line);
    }
  }

  @Test
  void aProcessThatCannotStartIsAFailureWithWhatItSaid() throws Exception {
    ProcMesh procs =
        job(ActorSystemSettings.defaults())
            .hosts()
            .spawnProcs(
                "bad", Map.of("gpus", 1), i -> Resources.light().withFlag("-XX:NoSuchFlag"));
    assertThat(unhandled.take().reason()).contains("bad/0").contains("NoSuchFlag");
    assertThatThrownBy(procs::await).isInstanceOf(ReplicaLost.class);
  }

  private final BlockingQueue<Failure> told = new LinkedBlockingQueue<>();

  /// Hosts for an owner that hears of every failure of the processes that it spawns there.
  private HostMesh hosts() {
    return job(ActorSystemSettings.defaults()).hosts().keptBy(() -> {}, told::add).hosts();
  }

  /// One process of two cannot be started; the supervision of its actors reports it, once per mesh.
  @Test
  void aStartThatFailsIsToldOnce() throws Exception {
    ProcMesh procs =
        hosts()
            .spawnProcs(
                "bad",
                Map.of("gpus", 2),
                i -> i == 0 ? Resources.light() : Resources.light().withFlag("-XX:NoSuchFlag"));
    OwnedMesh<Counter> counters = procs.spawn("counters", Counter.class, CounterActor::new, 0);
    OwnedMesh<Counter> others =
        procs.slice("gpus", 1, 2).spawn("others", Counter.class, CounterActor::new, 0);
    assertThat(List.of(told.take(), told.take()))
        .extracting(failure -> failure.place().mesh())
        .containsExactlyInAnyOrder("counters", "others");
    assertThatThrownBy(others.only()::value)
        .isInstanceOf(ReplicaLost.class)
        .hasMessageContaining("NoSuchFlag");
    assertThat(counters.actor(0).value()).isZero();
    Signals.send("KILL", counters.actor(0).pid());
    assertThat(told.take().reason()).contains("signal 9");
  }

  /// Actors that are spawned after that are reported to their mesh, and to no one twice.
  @Test
  void aStartThatFailedBeforeIsNotToldAgain() throws Exception {
    ProcMesh procs =
        hosts()
            .spawnProcs(
                "bad", Map.of("gpus", 1), i -> Resources.light().withFlag("-XX:NoSuchFlag"));
    assertThat(told.take().place().mesh()).isEqualTo("bad");
    BlockingQueue<Failure> handled = new LinkedBlockingQueue<>();
    OwnedMesh<Counter> counters =
        procs.spawn(
            "counters",
            Counter.class,
            (Factory.Of0<CounterActor>) ProcessesTest::counter,
            List.of(),
            ActorOptions.defaults()
                .withOnFailure(failure -> {
                  handled.add(failure);
                  return false;
                }));
    assertThat(handled.take().reason()).contains("NoSuchFlag");
    assertThatThrownBy(counters.only()::value).isInstanceOf(ReplicaLost.class);
    assertThat(told).isEmpty();
  }

  private static CounterActor counter() {
    return new CounterActor(0);
  }

  /// A slice knows who tells.
  @Test
  void aLostProcessWithActorsOfASliceIsToldOnce() throws Exception {
    ProcMesh procs = hosts().spawnProcs(Map.of("gpus", 2));
    procs.await();
    Counter counter =
        procs.at("gpus", 0).spawn("counters", Counter.class, CounterActor::new, 0).only();
    List<Long> pids = procs.pids();
    assertThat(counter.value()).isZero();
    Signals.send("KILL", pids.get(0));
    assertThat(told.take().place().mesh()).isEqualTo("counters");
    Signals.send("KILL", pids.get(1));
    Failure second = told.take();
    assertThat(second.place().mesh()).isEqualTo("procs");
    assertThat(second.place().point().rank()).isEqualTo(1);
    assertThat(told).isEmpty();
  }

  @Test
  void onlyTheUserEntersTheFolderOfSockets() throws Exception {
    Job job = job(ActorSystemSettings.defaults());
    Path folder = JobFolder.base().resolve(job.id());
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder)))
        .isEqualTo("rwx------");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(JobFolder.base())))
        .isEqualTo("rwx------");
    job.close();
    assertThat(folder).doesNotExist();
  }

  /// However processes end.
  @Test
  void processesThatHaveEndedLeaveNoSocket() throws Exception {
    OwnedMesh<Counter> counters = counters(2, ActorSystemSettings.defaults());
    List<Long> pids = counters.gather(Counter::pid);
    Path folder = JobFolder.base().resolve(started.orElseThrow().id());
    assertThat(sockets(folder)).hasSize(3);
    Signals.send("KILL", pids.get(0));
    assertThat(unhandled.take().reason()).contains("signal 9");
    assertThat(sockets(folder)).hasSize(2);
  }

  private static List<Path> sockets(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(file -> file.toString().endsWith(".sock")).toList();
    }
  }

  @Test
  void aRunningJobIsShownAndStoppedFromOutside() throws Exception {
    Process program = program(Programs.Waits.class);
    try (BufferedReader out = lines(program)) {
      String line = out.readLine();
      while (line != null && !line.equals("ready")) {
        line = out.readLine();
      }
      String job = "waits-" + program.pid();
      assertThat(Jobs.running()).contains(job);
      JobControl.JobStatus status = Jobs.status(job);
      assertThat(status.pid()).isEqualTo(program.pid());
      List<HostAgent.ProcessStatus> processes = status.hosts().getFirst().processes();
      assertThat(processes)
          .extracting(HostAgent.ProcessStatus::process)
          .containsExactlyInAnyOrder("procs/0", "procs/1");
      assertThat(processes)
          .allSatisfy(process ->
              assertThat(process.actors())
                  .anySatisfy(actor -> {
                    assertThat(actor.name()).isEqualTo("counters");
                    assertThat(actor.state()).isEqualTo("idle");
                    assertThat(actor.numCalls()).isEqualTo(1);
                    assertThat(actor.callsPerSecond()).isPositive();
                  }));
      assertThat(Jobs.log(job, "procs/0")).isEmpty();
      assertThatThrownBy(() -> Jobs.log(job, "none"))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("process=none");
      Jobs.stop(job);
      assertThat(program.waitFor()).isEqualTo(143);
      assertThat(Jobs.running()).doesNotContain(job);
    }
    assertThatThrownBy(() -> Jobs.status("none-1"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("job=none-1");
  }

  @Test
  void noWorkerOutlivesAKilledController() throws Exception {
    Process controller = program(Programs.Waits.class);
    List<Long> pids = new ArrayList<>();
    try (BufferedReader out = lines(controller)) {
      String line = out.readLine();
      while (line != null && !line.equals("ready")) {
        if (line.startsWith("pid ")) {
          pids.add(Long.parseLong(line.substring(4)));
        }
        line = out.readLine();
      }
    }
    assertThat(pids).hasSize(2);
    controller.destroyForcibly().waitFor();
    for (long pid : pids) {
      awaitEnd(pid);
    }
  }

  @Test
  void anUnhandledFailureEndsTheProgramWithItsReasonAndLog() throws Exception {
    Process program = program(Programs.Fails.class);
    List<String> said = new ArrayList<>();
    try (BufferedReader out = lines(program)) {
      out.lines().forEach(said::add);
    }
    assertThat(program.waitFor()).isEqualTo(1);
    String text = String.join("\n", said);
    assertThat(text)
        .contains("a failure was not handled")
        .contains("actor counters[1] {hosts: 0/1, gpus: 1/2} in process procs/1 on host")
        .contains("exited with status 3")
        .contains("last 50 lines of its output:")
        .contains("  line 59")
        .contains("  line 10\n")
        .doesNotContain("  line 9\n");
  }

  private static Process program(Class<?> main) throws IOException {
    return new ProcessBuilder(Programs.command(main)).redirectErrorStream(true).start();
  }

  private static BufferedReader lines(Process process) {
    return new BufferedReader(
        new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
  }

  interface Heavy {
    int echo(int n);

    @Concurrent
    int beside(int n);

    void compute();

    void fill();

    void take(byte[] bytes);

    void wait(String file);
  }

  static final class HeavyActor implements Heavy {
    private final List<byte[]> kept = new ArrayList<>();

    @Override
    public int echo(int n) {
      return n;
    }

    @Override
    public int beside(int n) {
      return n;
    }

    @Override
    @SuppressWarnings("InfiniteLoopBody") // it does not let go of its thread
    public void compute() {
      while (kept.isEmpty()) {
        Thread.onSpinWait();
      }
    }

    @Override
    public void fill() {
      while (true) {
        kept.add(new byte[1 << 20]);
      }
    }

    @Override
    public void take(byte[] bytes) {}

    @Override
    public void wait(String file) {
      while (!Files.exists(Path.of(file))) {
        java.util.concurrent.locks.LockSupport.parkNanos(1_000_000);
      }
    }
  }

  /// More of them than a process initially has carriers.
  @Test
  void endpointsThatDoNotLetGoOfTheirThreadsHoldNobodyUp() {
    Job job = job(ActorSystemSettings.defaults());
    ProcMesh procs = job.hosts().spawnProcs(Map.of("gpus", 1));
    OwnedMesh<Heavy> other = procs.spawn("other", Heavy.class, HeavyActor::new);
    assertThat(other.only().echo(1)).isEqualTo(1);
    for (int i = 0; i < 6; i++) {
      OwnedMesh<Heavy> busy = procs.spawn("busy" + i, Heavy.class, HeavyActor::new);
      assertThat(busy.only().echo(i)).isEqualTo(i);
      busy.broadcast(Heavy::compute);
    }
    ActorMesh<Heavy> soon = other.within(Duration.ofSeconds(30));
    assertThat(soon.only().echo(2)).isEqualTo(2);
    assertThat(soon.only().beside(3)).isEqualTo(3);
    soon.probe(Duration.ofSeconds(30));
    other.close();
    job.close();
  }

  /// The scheduler may add no carriers here: nothing can run, and the health check reports it.
  @Test
  void aProcessWithoutCarriersIsSeenToBeStarved() {
    Resources resources =
        Resources.light()
            .withFlag("-Djdk.virtualThreadScheduler.parallelism=2")
            .withFlag("-Djdk.virtualThreadScheduler.maxPoolSize=2");
    ProcMesh procs =
        job(ActorSystemSettings.defaults())
            .hosts()
            .spawnProcs("procs", Map.of("gpus", 1), index -> resources);
    OwnedMesh<Heavy> other = procs.spawn("other", Heavy.class, HeavyActor::new);
    other.probe(Duration.ofSeconds(30));
    for (int i = 0; i < 2; i++) {
      OwnedMesh<Heavy> busy = procs.spawn("busy" + i, Heavy.class, HeavyActor::new);
      assertThat(busy.only().echo(i)).isEqualTo(i);
      busy.broadcast(Heavy::compute);
    }
    assertThatThrownBy(
            () -> {
              while (true) {
                other.probe(Duration.ofSeconds(2));
              }
            })
        .isInstanceOf(CallTimedOut.class)
        .hasMessageContaining("starved");
  }

  @Test
  void aProcessThatHasNoMemoryLeftEndsAndItsOwnerKnowsWhy() throws Exception {
    ProcMesh procs =
        job(ActorSystemSettings.defaults())
            .hosts()
            .spawnProcs(
                "procs",
                Map.of("gpus", 1),
                index ->
                    new Resources(1, 32, List.of(), Resources.Work.LIGHT, Map.of(), List.of()));
    OwnedMesh<Heavy> heavy = procs.spawn("heavy", Heavy.class, HeavyActor::new);
    assertThatThrownBy(() -> heavy.only().fill()).isInstanceOf(ReplicaLost.class);
    Failure failure = unhandled.take();
    assertThat(failure.reason()).contains("ran out of memory", "java.lang.OutOfMemoryError");
    assertThat(failure.log()).anyMatch(line -> line.contains("OutOfMemoryError"));
  }

  /// Far more is sent than the process has memory for.
  @Test
  void broadcastsToABusyActorDoNotUseUpItsProcess(@TempDir Path folder) throws Exception {
    ProcMesh procs =
        job(ActorSystemSettings.defaults())
            .hosts()
            .spawnProcs(
                "procs",
                Map.of("gpus", 1),
                index ->
                    new Resources(1, 64, List.of(), Resources.Work.LIGHT, Map.of(), List.of()));
    OwnedMesh<Heavy> busy = procs.spawn("busy", Heavy.class, HeavyActor::new);
    OwnedMesh<Heavy> other = procs.spawn("other", Heavy.class, HeavyActor::new);
    assertThat(other.only().echo(1)).isEqualTo(1);
    long pid = procs.pids().getFirst();
    Path released = folder.resolve("released");
    busy.broadcast(heavy -> heavy.wait(released.toString()));
    Thread sender =
        Thread.ofVirtual()
            .start(() -> {
              for (int i = 0; i < 2000; i++) {
                busy.broadcast(heavy -> heavy.take(new byte[100_000]));
              }
            });
    assertThat(other.only().echo(2)).isEqualTo(2);
    Files.createFile(released);
    sender.join();
    assertThat(busy.only().echo(3)).isEqualTo(3);
    assertThat(procs.pids()).containsExactly(pid);
    assertThat(unhandled).isEmpty();
  }

  /// Takes large arguments.
  interface Sizes {
    int size(byte[] bytes);

    long pid();
  }

  static final class SizesActor implements Sizes {
    private int numCalls;

    SizesActor() {}

    @Override
    public int size(byte[] bytes) {
      numCalls++;
      return bytes.length == 0 ? numCalls : bytes.length;
    }

    @Override
    public long pid() {
      return ProcessHandle.current().pid();
    }
  }

  /// The peer is resumed only when all callers have returned: none of them waits for it.
  @Test
  void callersOfAStoppedProcessComeBackAtTheirDeadlines() throws Exception {
    LinkSettings patient =
        LinkSettings.defaults().withDetection(Duration.ofSeconds(10), Duration.ofMinutes(10));
    OwnedMesh<Sizes> sizes =
        job(ActorSystemSettings.defaults().withLink(patient))
            .hosts()
            .spawnProcs(Map.of("procs", 1))
            .spawn("sizes", Sizes.class, SizesActor::new);
    assertThat(sizes.only().size(new byte[10])).isEqualTo(10);
    long pid = sizes.only().pid();
    Signals.stop(pid);
    byte[] large = new byte[2 << 20];
    try (var callers = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Integer>> calls = new ArrayList<>();
      for (int i = 0; i < 10; i++) {
        calls.add(callers.submit(() -> sizes.within(Duration.ofMillis(500)).only().size(large)));
      }
      for (Future<Integer> call : calls) {
        assertThatThrownBy(call::get).hasCauseInstanceOf(CallTimedOut.class);
      }
      BlockingQueue<Throwable> thrown = new LinkedBlockingQueue<>();
      List<Thread> interrupted = new ArrayList<>();
      for (int i = 0; i < 10; i++) {
        interrupted.add(
            Thread.ofVirtual()
                .start(() -> {
                  try {
                    sizes.only().size(large);
                  } catch (RuntimeException e) {
                    thrown.add(e);
                  }
                }));
      }
      interrupted.forEach(Thread::interrupt);
      for (int i = 0; i < 10; i++) {
        assertThat(thrown.take()).isInstanceOf(CallCancelled.class);
      }
    }
    Signals.resume(pid);
    assertThat(sizes.only().size(new byte[0])).as("calls that ran").isLessThanOrEqualTo(3);
  }
}
