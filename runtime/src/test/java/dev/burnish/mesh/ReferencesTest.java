package dev.burnish.mesh;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.actor.Concurrent;
import dev.burnish.actor.Context;
import dev.burnish.actor.Factory;
import dev.burnish.link.failure.ReplicaLost;
import dev.burnish.mesh.JobOptions.Processes;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Meshes that actors got as arguments and keep: their behaviour when members are restarted, and
/// when an actor calls itself.
class ReferencesTest {
  private final BlockingQueue<Object> unhandled = new LinkedBlockingQueue<>();
  private Optional<Job> started = Optional.empty();

  interface Holder {
    void hold(ActorMesh<Counter> other);

    List<Integer> values();

    void holdProcs(ProcMeshRef procs);

    /// Spawns a counter in each process that is held; returns the process ids.
    List<Long> spawnCounters();

    /// The process ids of the processes that were spawned last.
    List<Long> pids();

    void holdOwn(ActorMesh<Holder> own);

    int gatherOwn();

    int streamOwn();

    int askOwn();

    int askOthers();

    @Concurrent
    int askOwnBesides();

    void tellOwn();

    int told();

    void tell();
  }

  static final class HolderActor implements Holder {
    private final List<ActorMesh<Counter>> held = new ArrayList<>();
    private final List<ProcMeshRef> procs = new ArrayList<>();
    private volatile List<ActorMesh<Holder>> own = List.of();
    private int told;

    @Override
    public void hold(ActorMesh<Counter> other) {
      held.add(other);
    }

    @Override
    public List<Integer> values() {
      return held.getFirst().gather(Counter::value);
    }

    @Override
    public void holdProcs(ProcMeshRef mesh) {
      procs.add(mesh);
    }

    @Override
    public List<Long> spawnCounters() {
      held.addFirst(restarting(procs.getFirst()));
      return pids();
    }

    @Override
    public List<Long> pids() {
      return held.getFirst().gather(Counter::pid);
    }

    @Override
    public void holdOwn(ActorMesh<Holder> mesh) {
      own = List.of(mesh);
    }

    @Override
    public int gatherOwn() {
      return own.getFirst().gather(Holder::told).size();
    }

    @Override
    public int streamOwn() {
      int sum = 0;
      for (Reply<Integer> reply : own.getFirst().stream(Holder::told)) {
        sum += reply.value();
      }
      return sum;
    }

    @Override
    public int askOwn() {
      return own.getFirst().actor(Context.current().rank()).told();
    }

    @Override
    public int askOthers() {
      return own.getFirst().actor(1 - Context.current().rank()).told();
    }

    @Override
    public int askOwnBesides() {
      return own.getFirst().actor(Context.current().rank()).told();
    }

    @Override
    public void tellOwn() {
      own.getFirst().broadcast(Holder::tell);
    }

    @Override
    public int told() {
      return told;
    }

    @Override
    public void tell() {
      told++;
    }
  }

  private ProcMesh procs(Processes processes, int gpus) {
    Job job = Job.start(JobOptions.named("test").with(processes));
    job.onUnhandled(unhandled::add);
    started = Optional.of(job);
    return job.hosts().spawnProcs(Map.of("gpus", gpus));
  }

  @AfterEach
  void close() {
    started.ifPresent(Job::close);
  }

  private static OwnedMesh<Counter> restarting(ProcMeshRef procs) {
    return procs.spawn(
        "counters",
        Counter.class,
        (Factory.Of1<CounterActor, Integer>) CounterActor::new,
        List.of(4),
        ActorOptions.defaults().withRestart(RestartPolicy.atMost(1)));
  }

  /// The call that reaches the old actor fails, a later one finds the new one.
  private static List<Integer> valuesOnceFound(Holder holder) {
    while (true) {
      try {
        return holder.values();
      } catch (ReplicaLost e) {
        Thread.onSpinWait();
      }
    }
  }

  @Test
  void aHeldMeshFindsAnActorThatWasMadeAnew() {
    ProcMesh procs = procs(Processes.THREADS, 2);
    OwnedMesh<Counter> counters = restarting(procs);
    Holder holder = procs.at("gpus", 0).spawn("holder", Holder.class, HolderActor::new).only();
    holder.hold(counters);
    counters.fanout(c -> c.add(1));
    assertThat(holder.values()).containsExactly(5, 5);
    counters.at("gpus", 1).broadcast(c -> c.fail("once"));
    List<Integer> values = valuesOnceFound(holder);
    while (!values.equals(List.of(5, 4))) {
      values = valuesOnceFound(holder);
    }
    assertThat(unhandled).isEmpty();
  }

  @Test
  void aHeldMeshFindsAnActorInANewProcess() throws Exception {
    ProcMesh procs = procs(Processes.JVMS, 2);
    Holder holder = procs.at("gpus", 0).spawn("holder", Holder.class, HolderActor::new).only();
    ProcMesh others = started.orElseThrow().hosts().spawnProcs(Map.of("gpus", 1));
    OwnedMesh<Counter> counters = restarting(others);
    holder.hold(counters);
    assertThat(holder.values()).containsExactly(4);
    long before = counters.only().pid();
    kill(before);
    assertThat(valuesOnceFound(holder)).containsExactly(4);
    assertThat(counters.only().pid()).isNotEqualTo(before);
    assertThat(unhandled).isEmpty();
  }

  private static void kill(long pid) {
    ProcessHandle process = ProcessHandle.of(pid).orElseThrow();
    process.destroyForcibly();
    process.onExit().join();
  }

  @Test
  void heldProcessesAreFoundAgain() {
    ProcMesh procs = procs(Processes.JVMS, 2);
    Holder holder = procs.at("gpus", 0).spawn("holder", Holder.class, HolderActor::new).only();
    ProcMesh others = started.orElseThrow().hosts().spawnProcs(Map.of("gpus", 2));
    OwnedMesh<Counter> counters = restarting(others);
    Holder second = procs.at("gpus", 1).spawn("second", Holder.class, HolderActor::new).only();
    holder.holdProcs(others);
    second.holdProcs(others);
    OwnedMesh<Counter> ofSlice = restarting(others.at("gpus", 1));
    List<Long> first = holder.spawnCounters();
    assertThat(first).isEqualTo(counters.gather(Counter::pid));
    kill(first.get(1));
    List<Long> then = pidsOnceFound(holder::pids, first.get(1));
    assertThat(then.getFirst()).isEqualTo(first.getFirst());
    assertThat(holder.spawnCounters()).isEqualTo(then);
    assertThat(second.spawnCounters()).isEqualTo(then);
    assertThat(pidsOnceFound(() -> counters.gather(Counter::pid), first.get(1))).isEqualTo(then);
    assertThat(pidsOnceFound(() -> ofSlice.gather(Counter::pid), first.get(1)))
        .containsExactly(then.get(1));
    assertThat(unhandled).isEmpty();
  }

  private static List<Long> pidsOnceFound(Supplier<List<Long>> asked, long lost) {
    while (true) {
      try {
        List<Long> pids = asked.get();
        if (!pids.contains(lost)) {
          return pids;
        }
      } catch (ReplicaLost e) {
        Thread.onSpinWait();
      }
    }
  }

  @Test
  void processesThatTheirOwnerHasClosedAreNotFound() {
    ProcMesh procs = procs(Processes.THREADS, 1);
    Holder holder = procs.spawn("holder", Holder.class, HolderActor::new).only();
    ProcMesh others = started.orElseThrow().hosts().spawnProcs(Map.of("gpus", 1));
    others.await();
    holder.holdProcs(others);
    others.close();
    assertThatThrownBy(holder::spawnCounters)
        .isInstanceOf(ReplicaLost.class)
        .hasMessageContaining("its mesh was closed");
  }

  @Test
  void aHeldMeshSaysWhyAnActorIsGoneForGood() throws Exception {
    ProcMesh procs = procs(Processes.THREADS, 2);
    OwnedMesh<Counter> counters = procs.spawn("counters", Counter.class, CounterActor::new, 4);
    Holder holder = procs.at("gpus", 0).spawn("holder", Holder.class, HolderActor::new).only();
    holder.hold(counters);
    counters.at("gpus", 1).broadcast(c -> c.fail("for good"));
    unhandled.take();
    assertThatThrownBy(holder::values)
        .isInstanceOf(ReplicaLost.class)
        .hasMessageContaining("for good");
    Holder second = procs.at("gpus", 0).spawn("second", Holder.class, HolderActor::new).only();
    second.hold(counters.slice("gpus", 0, 1));
    assertThat(second.values()).containsExactly(4);
    second = procs.at("gpus", 0).spawn("third", Holder.class, HolderActor::new).only();
    second.hold(counters);
    assertThatThrownBy(second::values)
        .isInstanceOf(ReplicaLost.class)
        .hasMessageContaining("for good");
  }

  @Test
  void anActorThatCallsItselfIsToldAtOnce() {
    ProcMesh procs = procs(Processes.THREADS, 2);
    OwnedMesh<Holder> holders = procs.spawn("holders", Holder.class, HolderActor::new);
    holders.fanout(holder -> holder.holdOwn(holders));
    Holder first = holders.actor(0);
    assertThatThrownBy(first::askOwn)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("call=holders[0].told")
        .hasMessageContaining("would wait for itself");
    assertThatThrownBy(first::gatherOwn)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("would wait for itself");
    assertThatThrownBy(first::streamOwn)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("would wait for itself");
    assertThat(first.askOthers()).isZero();
    assertThat(first.askOwnBesides()).isZero();
    first.tellOwn();
    awaitTold(holders, List.of(1, 1));
  }

  /// A broadcast is sent in the order of its sender's calls, which are not ours.
  private static void awaitTold(OwnedMesh<Holder> holders, List<Integer> expected) {
    long limit = System.nanoTime() + 10_000_000_000L;
    while (!holders.gather(Holder::told).equals(expected)) {
      assertThat(System.nanoTime()).as("told").isLessThan(limit);
      Thread.onSpinWait();
    }
  }
}
