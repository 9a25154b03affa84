package dev.burnish.actor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.burnish.actor.Simulation.Faults;
import dev.burnish.link.Link;
import dev.burnish.link.OpenCall;
import dev.burnish.link.OpenCall.Outcome;
import dev.burnish.wire.Codec;
import dev.burnish.wire.Session;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// The code of links, nodes and actors over a simulated network, with crashes, lost, duplicated and
/// reordered frames. A failure names the seed; the same seed fails the same way.
@ExtendWith(QuietLog.class)
class SimulationTest {
  /// A mesh over simulated processes, as seen from its controller.
  private static final class Run {
    private final Simulation simulation;
    private final ActorSystem controller;
    private final int numHosts;
    private final int perHost;
    private final List<Link> links = new ArrayList<>();
    private final List<Long> numbers = new ArrayList<>();
    private final List<Integer> lost = new ArrayList<>();
    private final Map<Integer, Outcome> outcomes = new HashMap<>();
    private final Codec codec;
    private int numConstructed;
    private int nextCall;

    Run(long seed, Faults faults, int numHosts, int perHost) {
      Touch.Actor.RUNS.clear();
      this.simulation = new Simulation(seed, faults);
      this.controller = simulation.process("controller", "here");
      this.numHosts = numHosts;
      this.perHost = perHost;
      this.codec = controller.codecs().of(int.class);
      Factory.Of0<Touch.Actor> factory = Touch.Actor::new;
      RemoteActors.Blueprint blueprint = controller.blueprint(Touch.class, factory, List.of());
      for (int rank = 0; rank < size(); rank++) {
        spawn(blueprint, rank);
      }
    }

    private void spawn(RemoteActors.Blueprint blueprint, int rank) {
      ActorSystem system = simulation.process(name(rank), "host" + rank / perHost);
      Link link = controller.switchboard().link(system.self());
      long number = controller.nextNumber();
      controller
          .remote()
          .spawn(link, blueprint, "touch", Point.single(), number, 1)
          .onEnd(outcome -> numConstructed++);
      link.onDown(cause -> lost.add(rank));
      links.add(link);
      numbers.add(number);
    }

    private static String name(int rank) {
      return "process" + rank;
    }

    int size() {
      return numHosts * perHost;
    }

    void fanout() {
      for (int rank = 0; rank < size(); rank++) {
        int call = nextCall++;
        Link link = links.get(rank);
        OpenCall open =
            link.call(
                "touch",
                new Link.Target(numbers.get(rank), 0),
                codec.encode(List.of(call), Session.NONE),
                Duration.ofSeconds(60),
                link.session());
        open.onEnd(outcome -> {
          assertThat(outcomes.put(call, outcome)).as("a call ends once: call=%d", call).isNull();
        });
      }
    }

    void crashHost(int host) {
      for (int i = 0; i < perHost; i++) {
        simulation.crash(name(host * perHost + i));
      }
    }

    void finish() {
      simulation.runUntil(() -> outcomes.size() == nextCall && numConstructed == size());
      outcomes.forEach((call, outcome) -> {
        assertThat(Touch.Actor.RUNS.getOrDefault(call, 0))
            .as("runs of call %d", call)
            .isLessThanOrEqualTo(1);
        switch (outcome) {
          case Outcome.Value(byte[] result) -> {
            assertThat(codec.decode(result, Session.NONE)).containsExactly(call + 1);
            assertThat(Touch.Actor.RUNS).as("runs of an answered call").containsEntry(call, 1);
          }
          case Outcome.Failed(var cause) -> assertThat(cause.getMessage()).isNotEmpty();
          case Outcome.Thrown(byte[] error) ->
              throw new AssertionError(
                  dev.burnish.link.failure.RemoteErrors.decode(
                      error, SimulationTest.class.getClassLoader()));
        }
      });
    }

    long numAnswered() {
      return outcomes.values().stream().filter(Outcome.Value.class::isInstance).count();
    }
  }

  /// Fan-outs while a host may crash and frames may be lost.
  private static Run run(long seed) {
    Faults faults =
        switch ((int) (seed % 4)) {
          case 0 -> Faults.none();
          case 1 -> new Faults(0, 100, 0);
          case 2 -> new Faults(3, 20, 0);
          default -> new Faults(0, 20, 3);
        };
    Run run = new Run(seed, faults, 3, 2);
    for (int i = 0; i < 5; i++) {
      run.simulation.later(
          Duration.ofNanos(run.simulation.random().nextInt(20_000_000)), run::fanout);
    }
    if (run.simulation.random().nextBoolean()) {
      int host = run.simulation.random().nextInt(3);
      run.simulation.later(
          Duration.ofNanos(run.simulation.random().nextInt(20_000_000)), () -> run.crashHost(host));
    }
    boolean[] begun = {false};
    run.simulation.later(Duration.ofMillis(21), () -> begun[0] = true);
    run.simulation.runUntil(() -> begun[0]);
    run.finish();
    return run;
  }

  @Test
  void everyCallEndsOnceAndNoneRunsTwice() {
    AtomicLong numAnswered = new AtomicLong();
    AtomicLong numLost = new AtomicLong();
    long numSeeds =
        Simulation.seeds(seed -> {
          Run run = run(seed);
          numAnswered.addAndGet(run.numAnswered());
          numLost.addAndGet(run.outcomes.size() - run.numAnswered());
        });
    if (numSeeds > 1) {
      assertThat(numAnswered.get()).isGreaterThan(10 * numSeeds);
      assertThat(numLost.get()).isPositive();
    }
  }

  @Test
  void aSeedReplaysExactly() {
    for (long seed = 0; seed < 20; seed++) {
      assertThat(run(seed).simulation.digest())
          .as("seed=%d", seed)
          .isEqualTo(run(seed).simulation.digest());
    }
    assertThat(run(1).simulation.digest()).isNotEqualTo(run(5).simulation.digest());
  }

  /// Frames are the cost of a fan-out; there are two per call, however many actors there are.
  @Test
  void aFanoutOverAThousandHostsCostsAsMuchPerActorAsOverTwelve() {
    assertThat(framesPerActor(12, 8)).isEqualTo(framesPerActor(1000, 8));
  }

  private static double framesPerActor(int numHosts, int perHost) {
    Run run = new Run(1, Faults.none(), numHosts, perHost);
    run.simulation.runUntil(() -> run.numConstructed == run.size());
    long before = run.simulation.numFrames();
    run.fanout();
    run.finish();
    assertThat(run.numAnswered()).isEqualTo(run.size());
    return (double) (run.simulation.numFrames() - before) / run.size();
  }

  @Test
  void theDeathOfAHostConcernsItsActorsAlone() {
    Run run = new Run(3, Faults.none(), 1000, 8);
    run.simulation.runUntil(() -> run.numConstructed == run.size());
    run.crashHost(500);
    run.simulation.runUntil(() -> run.lost.size() == 8);
    assertThat(run.lost).containsExactlyInAnyOrder(4000, 4001, 4002, 4003, 4004, 4005, 4006, 4007);
    run.fanout();
    run.finish();
    assertThat(run.numAnswered()).isEqualTo(run.size() - 8);
    assertThat(run.lost).hasSize(8);
  }
}
