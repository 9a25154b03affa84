package dev.burnish.mesh;

import static org.assertj.core.api.Assertions.assertThat;

import dev.burnish.actor.ActorRef;
import dev.burnish.actor.ActorSystem;
import dev.burnish.actor.Factory;
import dev.burnish.actor.QuietLog;
import dev.burnish.actor.Simulation;
import dev.burnish.actor.Simulation.Faults;
import dev.burnish.actor.Touch;
import dev.burnish.launch.Resources;
import dev.burnish.link.failure.ReplicaLost;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// The code of meshes and their supervision over a simulated network of hosts, with crashes of
/// processes and hosts, lost, duplicated and reordered frames, restarts. A failure names the seed;
/// the same seed fails the same way.
@ExtendWith(QuietLog.class)
class MeshSimulationTest {
  private static final int LIMIT = 4;

  /// The owner of the mesh: records the failures that it is told.
  private static final class Program implements Owner {
    private final List<Failure> failures = new ArrayList<>();

    @Override
    public void own(AutoCloseable owned) {}

    @Override
    public void failed(Failure failure) {
      failures.add(failure);
    }
  }

  /// A mesh over hosts, as its controller uses it.
  private static final class Run {
    private final Simulation simulation;
    private final ActorSystem controller;
    private final List<SimulatedHost> hosts = new ArrayList<>();
    private final Program program = new Program();
    private final OwnedMesh<Touch> mesh;
    private final Map<Integer, String> outcomes = new HashMap<>();
    private int numCalls;

    Run(long seed, Faults faults, int numHosts, int perHost, RestartPolicy restart) {
      Touch.Actor.RUNS.clear();
      simulation = new Simulation(seed, faults);
      controller = simulation.waitingProcess(ActorSystem.CONTROLLER, "here");
      List<ActorRef> agents = new ArrayList<>();
      for (int i = 0; i < numHosts; i++) {
        hosts.add(new SimulatedHost(simulation, "host" + i));
        agents.add(hosts.get(i).agent());
      }
      HostMesh hostMesh =
          new HostMesh(
              controller, Shape.of(Map.of("hosts", numHosts)), agents, Optional.of(program));
      mesh =
          hostMesh
              .spawnProcs("procs", Map.of("gpus", perHost), i -> Resources.light())
              .spawn(
                  "touch",
                  Touch.class,
                  (Factory.Of0<Touch.Actor>) Touch.Actor::new,
                  List.of(),
                  ActorOptions.defaults().withRestart(restart));
    }

    int size() {
      return mesh.size();
    }

    /// Calls one actor on a thread of its own.
    void call(int rank) {
      int call = numCalls++;
      simulation.thread(
          ActorSystem.CONTROLLER,
          () -> {
            String outcome;
            try {
              outcome = "value " + mesh.actor(rank).touch(call);
            } catch (ReplicaLost e) {
              outcome = "lost " + e.getMessage();
            }
            assertThat(outcomes.put(call, outcome)).as("a call ends once: call=%d", call).isNull();
          });
    }

    void fanout() {
      for (int rank = 0; rank < size(); rank++) {
        call(rank);
      }
    }

    void finish() {
      simulation.runUntil(() -> outcomes.size() == numCalls);
      outcomes.forEach((call, outcome) -> {
        int runs = Touch.Actor.RUNS.getOrDefault(call, 0);
        assertThat(runs).as("runs of call %d", call).isLessThanOrEqualTo(1);
        if (outcome.startsWith("value")) {
          assertThat(outcome).isEqualTo("value " + (call + 1));
          assertThat(runs).as("runs of an answered call").isEqualTo(1);
        }
      });
    }

    long numAnswered() {
      return outcomes.values().stream().filter(o -> o.startsWith("value")).count();
    }

    private void pass(Duration time) {
      boolean[] passed = {false};
      simulation.later(time, () -> passed[0] = true);
      simulation.runUntil(() -> passed[0]);
    }

    /// Calls all until each actor has answered or is gone for good: if the last frame is lost, that
    /// is only noticed at the next heartbeat.
    Set<Integer> settle() {
      Set<Integer> alive = new HashSet<>();
      for (int round = 0; round < 30 && alive.size() + mesh.lost().size() < size(); round++) {
        pass(Duration.ofSeconds(round));
        alive.clear();
        for (int rank = 0; rank < size(); rank++) {
          int call = numCalls;
          call(rank);
          simulation.runUntil(() -> outcomes.containsKey(call));
          if (String.valueOf(outcomes.get(call)).startsWith("value")) {
            alive.add(rank);
          }
        }
      }
      return alive;
    }
  }

  private static Faults faults(long seed) {
    return switch ((int) (seed % 4)) {
      case 0 -> Faults.none();
      case 1 -> new Faults(0, 100, 0);
      case 2 -> new Faults(2, 20, 0);
      default -> new Faults(0, 20, 2);
    };
  }

  /// Fan-outs while processes and a host may crash and frames may be lost.
  private static Run run(long seed) {
    boolean restarts = seed / 4 % 2 == 0;
    RestartPolicy policy =
        restarts
            ? new RestartPolicy.Backoff(
                Duration.ofMillis(1), Duration.ofMillis(8), LIMIT, Duration.ofMinutes(10))
            : RestartPolicy.never();
    Run run = new Run(seed, faults(seed), 3, 2, policy);
    for (int i = 0; i < 4; i++) {
      run.simulation.later(
          Duration.ofNanos(run.simulation.random().nextInt(20_000_000)), run::fanout);
    }
    int crash = run.simulation.random().nextInt(4);
    run.simulation.later(
        Duration.ofNanos(10_000_000 + run.simulation.random().nextInt(15_000_000)),
        () -> crash(run, crash));
    boolean[] begun = {false};
    run.simulation.later(Duration.ofMillis(26), () -> begun[0] = true);
    run.simulation.runUntil(() -> begun[0]);
    run.finish();
    check(run, seed % 4 < 2, crash, restarts);
    return run;
  }

  private static void crash(Run run, int kind) {
    switch (kind) {
      case 0 -> run.hosts.get(1).crash();
      case 1 -> run.hosts.get(0).crash("procs/0");
      case 2 -> {
        run.hosts.get(0).crash("procs/1");
        run.hosts.get(2).crash("procs/4");
      }
      default -> {}
    }
  }

  /// Whatever happened: each actor answers, or is gone and its owner knows. Where frames are only
  /// duplicated, exactly those are gone that cannot be restarted.
  private static void check(Run run, boolean noneLost, int crash, boolean restarts) {
    Set<Integer> alive = run.settle();
    Set<Integer> gone = new HashSet<>(run.mesh.lost());
    assertThat(alive).noneMatch(gone::contains);
    assertThat(alive.size() + gone.size())
        .as("alive %s gone %s", alive, gone)
        .isEqualTo(run.size());
    assertThat(
            run.program.failures.stream()
                .filter(failure -> failure.place().mesh().equals("touch"))
                .map(failure -> failure.place().point().rank()))
        .as("what the owner was told")
        .containsExactlyInAnyOrderElementsOf(gone);
    if (noneLost) {
      Set<Integer> expected =
          switch (crash) {
            case 0 -> Set.of(2, 3);
            case 1 -> restarts ? Set.of() : Set.of(0);
            case 2 -> restarts ? Set.of() : Set.of(1, 4);
            default -> Set.of();
          };
      assertThat(gone).isEqualTo(expected);
      assertThat(run.program.failures).as("told once each").hasSameSizeAs(gone);
    }
  }

  @Test
  void everyActorAnswersOrItsOwnerKnows() {
    AtomicLong numAnswered = new AtomicLong();
    AtomicLong numGone = new AtomicLong();
    long numSeeds =
        Simulation.seeds(seed -> {
          Run run = run(seed);
          numAnswered.addAndGet(run.numAnswered());
          numGone.addAndGet(run.mesh.lost().size());
        });
    if (numSeeds > 1) {
      assertThat(numAnswered.get()).isGreaterThan(10 * numSeeds);
      assertThat(numGone.get()).isPositive();
    }
  }

  @Test
  void aSeedReplaysExactly() {
    for (long seed = 0; seed < 16; seed++) {
      assertThat(run(seed).simulation.digest())
          .as("seed=%d", seed)
          .isEqualTo(run(seed).simulation.digest());
    }
    assertThat(run(1).simulation.digest()).isNotEqualTo(run(5).simulation.digest());
  }

  /// Frames that the death of a host of eight processes costs, with all other frames until its
  /// owner knew, and a fan-out per actor.
  private record Cost(long death, double fanoutPerActor) {}

  private static Cost cost(int numHosts) {
    Run run = new Run(7, Faults.none(), numHosts, 8, RestartPolicy.never());
    run.fanout();
    run.finish();
    assertThat(run.numAnswered()).isEqualTo(run.size());
    long before = run.simulation.numFrames();
    run.fanout();
    run.finish();
    double fanout = (double) (run.simulation.numFrames() - before) / run.size();
    before = run.simulation.numFrames();
    run.hosts.get(3).crash();
    run.simulation.runUntil(() -> run.program.failures.size() == 8);
    long death = run.simulation.numFrames() - before;
    assertThat(run.mesh.lost()).containsExactly(24, 25, 26, 27, 28, 29, 30, 31);
    run.fanout();
    run.finish();
    assertThat(run.numAnswered()).isEqualTo(3L * run.size() - 8);
    return new Cost(death, fanout);
  }

  @Test
  void theDeathOfAHostCostsAsMuchAmongAThousandAsAmongTwelve() {
    Cost few = cost(12);
    Cost many = cost(1000);
    assertThat(few.death()).isLessThanOrEqualTo(4 * 8);
    assertThat(many.death()).isLessThanOrEqualTo(4 * 8);
    assertThat(many.fanoutPerActor()).isLessThanOrEqualTo(1.1 * few.fanoutPerActor());
  }
}
