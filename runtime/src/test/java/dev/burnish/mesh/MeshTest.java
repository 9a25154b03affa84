package dev.burnish.mesh;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.actor.ActorSystemSettings;
import dev.burnish.actor.Supervisor.Failure;
import dev.burnish.link.failure.CallCancelled;
import dev.burnish.link.failure.CallTimedOut;
import dev.burnish.link.failure.ReplicaLost;
import dev.burnish.mesh.JobOptions.Processes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Meshes over processes that are threads: the same code as over JVMs, except for the sockets.
class MeshTest {
  private final BlockingQueue<Failure> unhandled = new LinkedBlockingQueue<>();
  private final Job job =
      Job.start(
          JobOptions.named("test")
              .with(Processes.THREADS)
              .with(ActorSystemSettings.defaults().withTimeout(Duration.ofMinutes(1))));

  @TempDir private Path folder = Path.of("");

  MeshTest() {
    job.onUnhandled(unhandled::add);
  }

  @AfterEach
  void close() {
    job.close();
  }

  private ProcMesh procs(int gpus) {
    return job.hosts().spawnProcs(Map.of("gpus", gpus));
  }

  private OwnedMesh<Counter> counters(int gpus, int start) {
    return procs(gpus).spawn("counters", Counter.class, CounterActor::new, start);
  }

  /// Source: Monarch's test_choose and test_stream.
  @Test
  void oneActorAllActorsAndRepliesAsTheyCome() {
    OwnedMesh<Counter> counters = counters(2, 3);
    counters.fanout(c -> c.add(1));
    assertThat(counters.choose().value()).isEqualTo(4);
    int sum = 0;
    for (Reply<Integer> reply : counters.stream(Counter::value)) {
      sum += reply.value();
    }
    assertThat(sum).isEqualTo(8);
    assertThat(counters.gather(Counter::value)).containsExactly(4, 4);
  }

  @Test
  void resultsComeInTheOrderOfRanks() {
    OwnedMesh<Counter> counters = counters(4, 0);
    counters.gather((counter, rank) -> {
      counter.add(rank * 10);
      return rank;
    });
    assertThat(counters.gather(Counter::value)).containsExactly(0, 10, 20, 30);
    assertThat(counters.slice("gpus", 1, 3).gather(Counter::value)).containsExactly(10, 20);
    assertThat(counters.at("gpus", 3).only().value()).isEqualTo(30);
    assertThat(counters.reshaped(s -> s.slice("gpus", 0, 4, 2)).gather(Counter::value))
        .containsExactly(0, 20);
    List<Integer> byIteration = new ArrayList<>();
    counters.forEach(counter -> byIteration.add(counter.value()));
    assertThat(byIteration).containsExactly(0, 10, 20, 30);
  }

  @Test
  void choiceTakesTurns() {
    OwnedMesh<Counter> counters = counters(3, 0);
    for (int i = 0; i < 6; i++) {
      counters.choose().add(1);
    }
    assertThat(counters.gather(Counter::value)).containsExactly(2, 2, 2);
  }

  @Test
  void onlyAMeshOfOneHasTheActor() {
    assertThatThrownBy(() -> counters(2, 0).only())
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("size=2");
  }

  @Test
  void actorsKnowTheirPlace() {
    assertThat(counters(2, 0).gather(Counter::context))
        .containsExactly(
            "counters[0] of 2 at {hosts: 0/1, gpus: 0/2}",
            "counters[1] of 2 at {hosts: 0/1, gpus: 1/2}");
  }

  @Test
  void valuesAreNeverShared() {
    Counter counter = counters(1, 0).only();
    List<Integer> mine = new ArrayList<>(List.of(1, 2));
    List<Integer> back = counter.echo(mine);
    mine.add(3);
    assertThat(back).containsExactly(1, 2).isNotSameAs(mine);
  }

  @Test
  void anExceptionGoesToTheCallerAndLeavesTheActorAlive() {
    OwnedMesh<Counter> counters = counters(1, 7);
    assertThatThrownBy(() -> counters.only().fail("bad moment"))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("bad moment")
        .satisfies(e -> assertThat(e.getStackTrace()[0].getClassName()).endsWith("CounterActor"));
    assertThat(counters.only().value()).isEqualTo(7);
    assertThat(unhandled).isEmpty();
  }

  @Test
  void anExceptionOfOneRankIsThrownByAll() {
    OwnedMesh<Counter> counters = counters(3, 0);
    assertThatThrownBy(() ->
            counters.gather((counter, rank) -> {
              if (rank == 1) {
                counter.fail("rank 1");
              }
              return counter.value();
            }))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("rank 1");
  }

  @Test
  void aConstructorThatFailsSurfacesWithItsStack() throws Exception {
    OwnedMesh<Counter> counters = counters(1, -5);
    assertThatThrownBy(() -> counters.only().value())
        .isInstanceOf(ReplicaLost.class)
        .hasMessageContaining("value=-5");
    Failure failure = unhandled.take();
    assertThat(failure.describe())
        .contains("counters[0]")
        .contains("a counter starts at 0: value=-5")
        .contains("CounterActor.<init>");
  }

  @Test
  void anExceptionThatNobodyWaitsForEndsTheActor() throws Exception {
    OwnedMesh<Counter> counters = counters(2, 0);
    counters.at("gpus", 1).broadcast(c -> c.fail("nobody hears"));
    Failure failure = unhandled.take();
    assertThat(failure.place().point().rank()).isEqualTo(1);
    assertThat(failure.reason()).contains("broadcast of Counter.fail").contains("nobody hears");
    assertThatThrownBy(() -> counters.gather(Counter::value)).isInstanceOf(ReplicaLost.class);
    assertThat(counters.slice("gpus", 0, 1).gather(Counter::value)).containsExactly(0);
    assertThat(counters.lost()).containsExactly(1);
    assertThat(counters.choose().value()).isZero();
    assertThat(counters.choose().value()).isZero();
  }

  @Test
  void aBroadcastReachesAll() {
    OwnedMesh<Counter> counters = counters(3, 0);
    counters.broadcast(c -> c.add(5));
    assertThat(counters.gather(Counter::value)).containsExactly(5, 5, 5);
  }

  @Test
  void aHandlerMayHandleAFailure() throws Exception {
    BlockingQueue<Failure> handled = new LinkedBlockingQueue<>();
    OwnedMesh<Counter> counters =
        procs(2)
            .spawn(
                "counters",
                Counter.class,
                (dev.burnish.actor.Factory.Of1<CounterActor, Integer>) CounterActor::new,
                List.of(1),
                ActorOptions.defaults().withOnFailure(handled::add));
    counters.at("gpus", 0).broadcast(c -> c.fail("x"));
    assertThat(handled.take().place().mesh()).isEqualTo("counters");
    assertThat(counters.at("gpus", 1).only().value()).isEqualTo(1);
    assertThat(unhandled).isEmpty();
  }

  @Test
  void anActorIsMadeAnewWhereThePolicySaysSo() {
    OwnedMesh<Counter> counters =
        procs(1)
            .spawn(
                "counters",
                Counter.class,
                (dev.burnish.actor.Factory.Of1<CounterActor, Integer>) CounterActor::new,
                List.of(4),
                ActorOptions.defaults().withRestart(RestartPolicy.atMost(2)));
    Counter counter = counters.only();
    counter.add(1);
    assertThat(counter.value()).isEqualTo(5);
    counters.broadcast(c -> c.fail("first"));
    assertThat(valueOnceThere(counter)).isEqualTo(4);
    counters.broadcast(c -> c.fail("second"));
    assertThat(valueOnceThere(counter)).isEqualTo(4);
    counters.broadcast(c -> c.fail("third"));
    assertThat(takeUnhandled().reason()).contains("third");
  }

  private Failure takeUnhandled() {
    try {
      return unhandled.take();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /// A call may still reach the old actor.
  private static int valueOnceThere(Counter counter) {
    while (true) {
      try {
        int value = counter.value();
        if (value == 4) {
          return value;
        }
      } catch (ReplicaLost e) {
        Thread.onSpinWait();
      }
    }
  }

  @Test
  void aCallMayWaitForAnother() throws Exception {
    OwnedMesh<Counter> counters = counters(1, 0);
    BlockingQueue<Integer> woken = new LinkedBlockingQueue<>();
    for (int least : new int[] {30, 10, 20}) {
      Thread.ofVirtual().start(() -> woken.add(counters.only().awaitValue(least)));
    }
    counters.only().add(10);
    assertThat(woken.take()).isEqualTo(10);
    counters.only().add(10);
    assertThat(woken.take()).isEqualTo(20);
    counters.only().add(10);
    assertThat(woken.take()).isEqualTo(30);
  }

  @Test
  void aWaitingCallIsCancelledAndTheActorGoesOn() {
    OwnedMesh<Counter> counters = counters(1, 0);
    assertThatThrownBy(
            () -> counters.within(Duration.ofMillis(50)).only().awaitValue(Integer.MAX_VALUE))
        .isInstanceOf(CallTimedOut.class);
    counters.only().add(2);
    assertThat(counters.only().awaitValue(2)).isEqualTo(2);
  }

  @Test
  void aDeadlineInterruptsTheCalleeWhichStaysAlive() {
    OwnedMesh<Counter> counters = counters(1, 3);
    counters.await(Duration.ofMinutes(1));
    assertThatThrownBy(() -> counters.within(Duration.ofMillis(50)).only().hang())
        .isInstanceOf(CallTimedOut.class);
    assertThat(counters.only().interrupts()).isEqualTo(1);
    assertThat(counters.only().value()).isEqualTo(3);
    assertThat(unhandled).isEmpty();
  }

  @Test
  void anInterruptOfTheCallerInterruptsTheCallee() throws Exception {
    OwnedMesh<Counter> counters = counters(1, 0);
    assertThat(counters.only().value()).isZero();
    BlockingQueue<Throwable> thrown = new LinkedBlockingQueue<>();
    Thread caller =
        Thread.ofVirtual()
            .start(() -> {
              try {
                counters.only().hang();
              } catch (CallCancelled e) {
                thrown.add(e);
              }
            });
    caller.interrupt();
    assertThat(thrown.take()).isInstanceOf(CallCancelled.class);
    assertThat(counters.only().interrupts()).isLessThanOrEqualTo(1);
  }

  @Test
  void concurrentEndpointsRunBesideEachOther() throws Exception {
    OwnedMesh<Counter> counters = counters(1, 0);
    BlockingQueue<Integer> met = new LinkedBlockingQueue<>();
    Thread.ofVirtual().start(() -> met.add(counters.only().meet(1)));
    Thread.ofVirtual().start(() -> met.add(counters.only().meet(2)));
    assertThat(List.of(met.take(), met.take())).containsExactlyInAnyOrder(1, 2);
  }

  @Test
  void streamsGoBothWays() {
    Counter counter = counters(1, 0).only();
    Iterator<Integer> counted = counter.count(0, 1000);
    int expected = 0;
    while (counted.hasNext()) {
      assertThat(counted.next()).isEqualTo(expected++);
    }
    assertThat(expected).isEqualTo(1000);
    assertThat(counter.sum(Collections.nCopies(1000, 3).iterator())).isEqualTo(3000);
    List<String> progress = new ArrayList<>();
    counter.report(5, progress::add);
    assertThat(progress).containsExactly("step 0", "step 1", "step 2", "step 3", "step 4");
  }

  @Test
  void aSlowConsumerSlowsTheProducer() {
    Counter counter = counters(1, 0).only();
    CountingIterator taken = new CountingIterator();
    Iterator<Integer> endless = counter.count(0, Integer.MAX_VALUE);
    assertThat(endless.next()).isZero();
    assertThatThrownBy(() -> counter.sum(taken))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("enough");
    assertThat(taken.numTaken).isEqualTo(200);
  }

  private static final class CountingIterator implements Iterator<Integer> {
    private int numTaken;

    @Override
    public boolean hasNext() {
      return true;
    }

    @Override
    public Integer next() {
      if (numTaken == 200) {
        throw new IllegalStateException("enough");
      }
      return numTaken++;
    }
  }

  /// Source: Monarch's test_mesh_passed_to_mesh.
  @Test
  void meshesTravelAsArguments() {
    ProcMesh procs = procs(2);
    OwnedMesh<Counter> first = procs.spawn("first", Counter.class, CounterActor::new, 1);
    OwnedMesh<Counter> second = procs.spawn("second", Counter.class, CounterActor::new, 2);
    assertThat(first.gather(c -> c.ask(second))).containsExactly(List.of(2, 2), List.of(2, 2));
    assertThat(first.gather(c -> c.ask(second.slice("gpus", 1, 2))))
        .containsExactly(List.of(2), List.of(2));
  }

  @Test
  void actorsOwnWhatTheySpawnAndChildrenStopFirst() throws IOException {
    Path notes = folder.resolve("notes");
    ProcMesh procs = procs(1);
    OwnedMesh<Counter> outer =
        procs.spawn("outer", Counter.class, CounterActor::new, 1, notes.toString());
    assertThat(outer.only().nested(procs)).containsExactly(11);
    outer.close();
    outer.close();
    assertThat(Files.readAllLines(notes)).containsExactly("closed inner0", "closed outer0");
  }

  @Test
  void aFailureClimbsToTheRootWithItsCauses() throws Exception {
    ProcMesh procs = procs(2);
    OwnedMesh<Counter> outer =
        procs.spawn("outer", Counter.class, CounterActor::new, -100 + 100, "");
    outer.at("gpus", 0).only().add(-50);
    assertThatThrownBy(() -> outer.at("gpus", 0).only().nested(procs))
        .isInstanceOf(ReplicaLost.class);
    Failure failure = unhandled.take();
    assertThat(failure.place().mesh()).isEqualTo("outer");
    assertThat(failure.reason()).contains("actor inner[").contains("value=-40");
  }

  @Test
  void aWrongTypeIsRefusedWhereItIsSpawned() {
    ProcMesh procs = procs(1);
    assertThatThrownBy(() -> procs.spawn("wrong", Wrong.class, WrongActor::new))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("Wrong.take, parameter worker")
        .hasMessageContaining("java.lang.Thread");
    int number = 3;
    Thread captured = new Thread(() -> {});
    assertThatThrownBy(() ->
            procs.spawn("wrong", Counter.class, () -> new CounterActor(captured.getPriority())))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("java.lang.Thread");
    assertThat(
            procs
                .spawn("right", Counter.class, () -> new CounterActor(number))
                .gather(Counter::value))
        .containsExactly(3);
    assertThatThrownBy(() -> procs.spawn("wrong", CounterActor.class, CounterActor::new, 1))
        .hasMessageContaining("by an interface");
  }

  interface Wrong {
    void take(Thread worker);
  }

  static final class WrongActor implements Wrong {
    @Override
    public void take(Thread worker) {}
  }

  /// That a slice has no `close` is in OwnersAndHandlesTest.
  @Test
  void aClosedMeshAnswersNoCall() {
    OwnedMesh<Counter> counters = counters(2, 0);
    counters.close();
    assertThatThrownBy(() -> counters.gather(Counter::value)).isInstanceOf(ReplicaLost.class);
    assertThat(unhandled).isEmpty();
  }

  @Test
  void closingProcessesStopsWhatWasSpawnedInSlicesOfThem() throws IOException {
    Path notes = folder.resolve("notes");
    ProcMesh procs = procs(2);
    procs
        .slice("gpus", 1, 2)
        .spawn("counters", Counter.class, CounterActor::new, 0, notes.toString())
        .fanout(c -> c.add(1));
    procs.close();
    assertThat(Files.readAllLines(notes)).containsExactly("closed counters0");
    assertThat(unhandled).isEmpty();
  }

  @Test
  void aMeshThatIsClosedWhileItStartsTakesNoActor() {
    for (int i = 0; i < 300; i++) {
      OwnedMesh<Counter> counters = counters(2, 0);
      counters.close();
      assertThatThrownBy(() -> counters.gather(Counter::value)).isInstanceOf(ReplicaLost.class);
    }
    assertThat(unhandled).isEmpty();
  }

  @Test
  void callsOfOneCallerRunInTheirOrder() {
    Counter counter = counters(1, 0).only();
    List<Integer> seen = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      counter.add(1);
      seen.add(counter.value());
    }
    assertThat(seen)
        .isEqualTo(Arrays.asList(java.util.stream.IntStream.rangeClosed(1, 100).boxed().toArray()));
  }

  @Test
  void closingAJobClosesWhatItSpawnedOnce() throws IOException {
    Path notes = folder.resolve("notes");
    OwnedMesh<Counter> counters =
        procs(2).spawn("counters", Counter.class, CounterActor::new, 0, notes.toString());
    counters.fanout(c -> c.add(1));
    job.close();
    assertThat(Files.readAllLines(notes))
        .containsExactlyInAnyOrder("closed counters0", "closed counters1");
  }
}
