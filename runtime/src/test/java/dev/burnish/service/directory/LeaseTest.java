package dev.burnish.service.directory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.actor.ActorRef;
import dev.burnish.concurrent.Alarm;
import dev.burnish.link.Clock;
import dev.burnish.link.failure.CallCancelled;
import dev.burnish.link.failure.CallTimedOut;
import dev.burnish.link.transport.ProcessAddress;
import dev.burnish.mesh.MeshKind.ActorsForm;
import dev.burnish.mesh.Shape;
import dev.burnish.service.directory.ReplicaDirectory.Members;
import dev.burnish.service.directory.ReplicaDirectory.Report;
import dev.burnish.service.directory.ReplicaDirectory.WatcherId;
import dev.burnish.service.routing.Load;
import dev.burnish.service.routing.ReplicaFailure;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// How owner and callers agree on which replicas get no calls any more, by a clock that a test
/// sets.
class LeaseTest {
  private static final long TIME = Lease.TIME.toNanos();

  private static final class HandClock implements Clock {
    private final AtomicLong now = new AtomicLong(1);

    @Override
    public long nanos() {
      return now.get();
    }

    @Override
    public Alarm at(long nanos, Runnable action) {
      throw new UnsupportedOperationException("nothing is put off here");
    }

    void pass(long nanos) {
      now.addAndGet(nanos);
    }
  }

  private final HandClock clock = new HandClock();
  private final Set<String> connected = ConcurrentHashMap.newKeySet();
  private final DirectoryServer keeper =
      new DirectoryServer(look -> look, clock, connected::contains);

  private static Report report(String watcher, long version, Integer... holding) {
    return new Report(new WatcherId(watcher, "1"), version, 1, 2, List.of(holding));
  }

  private static ReplicaDirectory.Entry entry(int replica, int generation) {
    return new ReplicaDirectory.Entry(
        replica,
        generation,
        ReplicaDirectory.Standing.SERVING,
        new ActorsForm(
            "r/" + replica,
            Shape.of(Map.of("procs", 1)),
            List.of(),
            new ActorRef(new ProcessAddress("p", "h", "", ""), 1)));
  }

  private static ReplicaFailure failure(int replica) {
    return new ReplicaFailure(replica, Instant.EPOCH, "it was stopped");
  }

  /// Whether the fence is closed: no call is sent to a replica that has left.
  private boolean isFenced() {
    Thread waiting = Thread.ofPlatform().daemon().start(keeper::awaitWithdrawn);
    while (waiting.isAlive() && waiting.getState() != Thread.State.TIMED_WAITING) {
      Thread.onSpinWait();
    }
    return !waiting.isAlive();
  }

  @AfterEach
  void endWaiting() {
    clock.pass(10 * TIME);
  }

  @Test
  void aLeaseLastsFromTheQuestion() {
    Lease lease = new Lease("judges", clock);
    assertThatThrownBy(() -> lease.await("judges.f", clock.nanos()))
        .isInstanceOf(CallTimedOut.class)
        .hasMessageContaining("the owner of service judges did not say")
        .hasMessageContaining("call=judges.f");
    long asked = clock.nanos();
    clock.pass(TIME / 2);
    lease.extend(asked);
    lease.await("judges.f", clock.nanos());
    clock.pass(TIME / 2);
    assertThatThrownBy(() -> lease.await("judges.f", clock.nanos()))
        .isInstanceOf(CallTimedOut.class);
    Thread.currentThread().interrupt();
    assertThatThrownBy(() -> lease.await("judges.f", clock.nanos() + 1))
        .isInstanceOf(CallCancelled.class);
    assertThat(Thread.interrupted()).isTrue();
    lease.end();
    lease.await("judges.f", clock.nanos());
  }

  @Test
  void aFenceWaitsForWhoeverMayGoByWhatWasBefore() {
    keeper.joined(entry(0, 1));
    keeper.joined(entry(1, 1));
    Members known = keeper.now(report("a", -1));
    keeper.now(report("b", known.version()));
    assertThat(isFenced()).as("nobody has left").isTrue();
    keeper.left(failure(1), 1);
    assertThat(isFenced()).isFalse();
    Members next = keeper.now(report("a", known.version()));
    assertThat(next.entries()).hasSize(1);
    keeper.now(report("a", next.version()));
    assertThat(isFenced()).as("b has not heard").isFalse();
    keeper.now(report("b", next.version()));
    assertThat(isFenced()).isTrue();
  }

  @Test
  void whoeverIsSilentIsFencedByItsLease() {
    keeper.joined(entry(0, 1));
    Members known = keeper.now(report("a", -1));
    keeper.now(report("a", known.version()));
    keeper.left(failure(0), 1);
    clock.pass(TIME);
    assertThat(isFenced()).as("clocks may run apart").isFalse();
    clock.pass(TIME / 10);
    assertThat(isFenced()).isTrue();
    keeper.now(report("a", known.version()));
    assertThat(isFenced()).as("it speaks again, and has not been told yet").isFalse();
  }

  @Test
  void aLossOfAnEarlierGenerationLeavesTheReplicaThatIsThere() {
    keeper.joined(entry(0, 2));
    keeper.left(failure(0), 1);
    assertThat(keeper.now(report("a", -1)).entries()).hasSize(1);
    keeper.left(failure(0), 2);
    assertThat(keeper.now(report("a", -1)).entries()).isEmpty();
    assertThat(keeper.now(report("a", -1)).lost()).hasSize(1);
  }

  @Test
  void aReplicaThatDrainsIsHeldByWhoeverStillCallsIt() throws Exception {
    keeper.joined(entry(0, 1));
    keeper.draining(0);
    long version = keeper.now(report("a", -1)).version();
    assertThat(keeper.now(report("a", -1)).entries())
        .singleElement()
        .satisfies(e -> assertThat(e.standing()).isEqualTo(ReplicaDirectory.Standing.DRAINING));
    connected.add("a");
    keeper.now(report("a", version, 0));
    Thread draining =
        Thread.ofPlatform().daemon().start(() -> keeper.awaitDrained(0, Duration.ofHours(1)));
    while (draining.getState() != Thread.State.TIMED_WAITING) {
      Thread.onSpinWait();
    }
    keeper.now(report("a", version));
    assertThat(draining.join(Duration.ofMinutes(1))).isTrue();
  }

  @Test
  void nobodyWaitsForTheCallsOfAProcessThatIsNotConnected() {
    keeper.joined(entry(0, 1));
    keeper.now(report("a", -1));
    keeper.closing("it stops");
    keeper.awaitNoCalls(Duration.ofHours(1));
    assertThat(keeper.hadWatchers()).isTrue();
  }

  @Test
  void theLoadIsThatOfAllWhoSpeak() {
    Load own = new Load(1, 1, 10, 0, List.of());
    keeper.now(report("a", -1));
    keeper.now(report("b", -1));
    assertThat(keeper.with(own)).isEqualTo(new Load(3, 5, 10, 0, List.of()));
    clock.pass(2 * TIME);
    keeper.now(report("b", -1));
    assertThat(keeper.with(own)).isEqualTo(new Load(2, 3, 10, 0, List.of()));
  }

  /// Callers request the directory, are stopped and resume, answers take their time; an owner
  /// withdraws replicas. No call that begins after the fence uses a directory from before.
  @Test
  void noCallAfterAFenceGoesByWhatWasBefore() {
    for (long seed = 1; seed <= 200; seed++) {
      Random random = new Random(seed);
      DirectoryServer owner = new DirectoryServer(look -> look, clock, name -> true);
      List<Caller> callers = List.of(new Caller("a", owner), new Caller("b", owner));
      for (int step = 0; step < 200; step++) {
        clock.pass(random.nextLong(TIME / 8));
        Caller caller = callers.get(random.nextInt(callers.size()));
        switch (random.nextInt(4)) {
          case 0 -> caller.ask();
          case 1 -> caller.hear();
          case 2 -> owner.joined(entry(0, step));
          default -> withdraw(owner, step, callers);
        }
        for (Caller each : callers) {
          assertThat(each.serves() && each.version < each.fence)
              .as("seed=%d step=%d", seed, step)
              .isFalse();
        }
      }
    }
  }

  /// Replaces the wait of the fence: time passes until it is closed.
  private void withdraw(DirectoryServer owner, int step, List<Caller> callers) {
    owner.joined(entry(1, step));
    owner.left(failure(1), step);
    long version = owner.now(report("waker", Long.MAX_VALUE)).version();
    while (callers.stream().anyMatch(caller -> caller.heldBack(version))) {
      clock.pass(TIME / 8);
    }
    owner.awaitWithdrawn();
    callers.forEach(caller -> caller.fence = version);
  }

  private final class Caller {
    private final String name;
    private final DirectoryServer owner;
    private final Lease lease = new Lease("s", clock);
    private Members answer =
        new Members(-1, List.of(), List.of(), new ReplicaDirectory.Phase.Serving());
    private long asked = clock.nanos() - 2 * TIME;
    private long heard = asked;
    private long known = -1;
    private long version = -1;
    private long fence = -1;

    Caller(String name, DirectoryServer owner) {
      this.name = name;
      this.owner = owner;
    }

    void ask() {
      asked = clock.nanos();
      clock.pass(TIME / 100);
      heard = clock.nanos();
      known = version;
      answer = owner.now(report(name, version));
    }

    void hear() {
      version = Math.max(version, answer.version());
      lease.extend(asked);
    }

    boolean heldBack(long needed) {
      return known < needed && clock.nanos() - heard <= TIME + TIME / 20;
    }

    boolean serves() {
      try {
        lease.await("f", clock.nanos());
        return true;
      } catch (CallTimedOut e) {
        return false;
      }
    }
  }
}
