package dev.burnish.service.routing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.link.Clock;
import dev.burnish.link.failure.CallCancelled;
import dev.burnish.link.failure.Overloaded;
import dev.burnish.link.failure.ReplicaLost;
import dev.burnish.mesh.ActorMesh;
import dev.burnish.service.routing.Queueing.Overflow;
import dev.burnish.service.routing.Request.Affinity;
import java.lang.reflect.Method;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class DispatcherTest {
  private static final long LONG = Duration.ofMinutes(1).toNanos();

  private final Clock clock = Clock.system();
  private final BlockingQueue<String> granted = new LinkedBlockingQueue<>();

  private Dispatcher dispatcher(int concurrency, int capacity, Overflow overflow) {
    return new Dispatcher(
        "s", new Queueing(concurrency, capacity, overflow), Balancing.CONSISTENT_HASH.get(), clock);
  }

  private Request request(String what, int priority, Affinity affinity) {
    return new Request(new CallName("s", what), priority, clock.nanos() + LONG, affinity);
  }

  private Request any(String what) {
    return request(what, 0, Affinity.ANY);
  }

  private static ReplicaSlot slot(int replica) {
    return new ReplicaSlot(replica, new Nowhere("s/" + replica));
  }

  /// A replica that is only chosen, not called.
  private record Nowhere(String name) implements CallTarget {
    @Override
    public int generation() {
      return 1;
    }

    @Override
    public ActorMesh<?> actors() {
      throw new UnsupportedOperationException(name);
    }

    @Override
    public Object call(Method method, Object @Nullable [] arguments, long nanos) {
      throw new UnsupportedOperationException(name);
    }
  }

  private static ReplicaFailure failure(int replica) {
    return new ReplicaFailure(replica, Instant.now(), "killed");
  }

  /// Starts a caller that asks for a replica and records which it got.
  private Thread caller(Dispatcher dispatcher, Request request) {
    int before = dispatcher.load().numQueued();
    Thread thread =
        Thread.ofVirtual()
            .start(() -> {
              try {
                granted.add(
                    request.call().endpoint() + " at " + dispatcher.acquire(request).replica());
              } catch (RuntimeException e) {
                granted.add(request.call().endpoint() + " failed: " + e.getMessage());
              }
            });
    until(() -> dispatcher.load().numQueued() > before || !thread.isAlive());
    return thread;
  }

  private static void until(BooleanSupplier condition) {
    long deadline = System.nanoTime() + LONG;
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).isLessThan(deadline);
      assertThat(Thread.currentThread().isInterrupted()).isFalse();
      Thread.onSpinWait();
    }
  }

  @Test
  void callsWaitForAReplicaAndGoByPriorityThenByTime() throws Exception {
    Dispatcher dispatcher = dispatcher(1, 10, Overflow.REJECT);
    caller(dispatcher, any("a"));
    caller(dispatcher, any("b"));
    caller(dispatcher, request("urgent", 5, Affinity.ANY));
    caller(dispatcher, request("later", -1, Affinity.ANY));
    assertThat(dispatcher.load().numQueued()).isEqualTo(4);
    ReplicaSlot slot = slot(0);
    dispatcher.join(slot);
    List<String> order = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      order.add(granted.take());
      assertThat(granted).as("one at a time").isEmpty();
      dispatcher.release(slot);
    }
    assertThat(order).containsExactly("urgent at 0", "a at 0", "b at 0", "later at 0");
    assertThat(dispatcher.load().numInFlight()).isZero();
    assertThat(dispatcher.load().numQueued()).isZero();
  }

  @Test
  void concurrencyIsTheReplicasAndCountsAreExact() {
    Dispatcher dispatcher = dispatcher(2, 1, Overflow.REJECT);
    dispatcher.join(slot(0));
    dispatcher.join(slot(1));
    for (int i = 0; i < 4; i++) {
      dispatcher.acquire(any("call"));
    }
    assertThat(dispatcher.load().replicas())
        .extracting(Load.OfReplica::numInFlight)
        .containsExactly(2, 2);
    assertThat(dispatcher.load().utilisation()).isEqualTo(1);
    caller(dispatcher, any("waits"));
    assertThatThrownBy(() -> dispatcher.acquire(any("one too many")))
        .isInstanceOf(Overloaded.class)
        .hasMessageContaining("call=s.one too many capacity=1");
    assertThat(dispatcher.load().numQueued()).isEqualTo(1);
  }

  @Test
  void aQueueThatWaitsTakesMoreThanItsBound() throws Exception {
    Dispatcher dispatcher = dispatcher(1, 0, Overflow.WAIT);
    ReplicaSlot slot = slot(0);
    dispatcher.join(slot);
    dispatcher.acquire(any("first"));
    caller(dispatcher, any("second"));
    dispatcher.release(slot);
    assertThat(granted.take()).isEqualTo("second at 0");
  }

  @Test
  void callsOfAKeyWaitForTheirReplicaAndMoveWhenItIsLost() throws Exception {
    Dispatcher dispatcher = dispatcher(1, 10, Overflow.REJECT);
    ReplicaSlot zero = slot(0);
    ReplicaSlot one = slot(1);
    dispatcher.join(zero);
    dispatcher.join(one);
    Affinity key = new Affinity.Keyed("prompt");
    ReplicaSlot mine = dispatcher.acquire(request("first", 0, key));
    ReplicaSlot other = mine == zero ? one : zero;
    Thread waiting = caller(dispatcher, request("second", 0, key));
    assertThat(dispatcher.load().numQueued()).as("though another is free").isEqualTo(1);
    assertThat(dispatcher.acquire(any("any"))).isSameAs(other);
    dispatcher.release(other);
    assertThat(granted).isEmpty();
    assertThat(dispatcher.lose(mine, failure(mine.replica()))).isTrue();
    assertThat(dispatcher.lose(mine, failure(mine.replica()))).as("once").isFalse();
    waiting.join();
    assertThat(granted.take()).isEqualTo("second at " + other.replica());
    dispatcher.release(mine);
    assertThat(dispatcher.load().numQueued()).isZero();
  }

  @Test
  void whatWaitsForAnyIsNotHeldUpByALoss() throws Exception {
    Dispatcher dispatcher = dispatcher(1, 10, Overflow.REJECT);
    ReplicaSlot zero = slot(0);
    ReplicaSlot one = slot(1);
    dispatcher.join(zero);
    dispatcher.join(one);
    dispatcher.acquire(any("a"));
    dispatcher.acquire(any("b"));
    caller(dispatcher, any("c"));
    dispatcher.lose(zero, failure(0));
    dispatcher.release(zero);
    assertThat(granted).as("the lost one has no permits").isEmpty();
    dispatcher.release(one);
    assertThat(granted.take()).isEqualTo("c at 1");
  }

  @Test
  void aSessionThatWaitsIsToldOfTheLoss() throws Exception {
    Dispatcher dispatcher = dispatcher(1, 10, Overflow.REJECT);
    ReplicaSlot zero = slot(0);
    dispatcher.join(zero);
    Binding session = dispatcher.sessions().open();
    Affinity bound = new Affinity.Bound(session);
    dispatcher.acquire(request("first", 0, bound));
    dispatcher.join(slot(1));
    caller(dispatcher, request("second", 0, bound));
    dispatcher.lose(zero, failure(0));
    assertThat(granted.take()).startsWith("second failed: replica 0 at").endsWith("killed");
    assertThatThrownBy(() -> dispatcher.acquire(request("third", 0, bound)))
        .isInstanceOf(BindingLost.class);
    dispatcher.sessions().acknowledge(session);
    assertThat(dispatcher.acquire(request("fourth", 0, bound)).replica()).isEqualTo(1);
    assertThat(dispatcher.sessions().replica(session)).contains(1);
    dispatcher.sessions().close(session);
    assertThat(dispatcher.load().numSessions()).isZero();
  }

  @Test
  void twoFirstCallsOfASessionGoToOneReplica() throws Exception {
    Dispatcher dispatcher = dispatcher(1, 10, Overflow.REJECT);
    Binding session = dispatcher.sessions().open();
    Affinity bound = new Affinity.Bound(session);
    caller(dispatcher, request("a", 0, bound));
    caller(dispatcher, request("b", 0, bound));
    ReplicaSlot zero = slot(0);
    dispatcher.join(zero);
    assertThat(granted.take()).isEqualTo("a at 0");
    dispatcher.join(slot(1));
    assertThat(granted).isEmpty();
    dispatcher.release(zero);
    assertThat(granted.take()).isEqualTo("b at 0");
  }

  @Test
  void aDrainingReplicaServesItsSessionsOnlyAndGoesWhenTheyHaveEnded() throws Exception {
    Dispatcher dispatcher = dispatcher(4, 10, Overflow.REJECT);
    ReplicaSlot zero = slot(0);
    dispatcher.join(zero);
    Binding session = dispatcher.sessions().open();
    Affinity bound = new Affinity.Bound(session);
    dispatcher.release(dispatcher.acquire(request("first", 0, bound)));
    dispatcher.join(slot(1));
    Thread draining = Thread.ofVirtual().start(() -> dispatcher.drain(zero, Duration.ofMinutes(5)));
    until(() -> dispatcher.healthy().size() == 1);
    assertThat(zero.isGone()).as("idle, but for its session").isFalse();
    for (int i = 0; i < 3; i++) {
      assertThat(dispatcher.acquire(any("any")).replica()).isEqualTo(1);
    }
    assertThat(dispatcher.acquire(request("second", 0, bound))).isSameAs(zero);
    dispatcher.release(zero);
    dispatcher.sessions().close(session);
    draining.join();
    assertThat(zero.isGone()).isTrue();
    assertThat(dispatcher.failures().all()).isEmpty();
  }

  @Test
  void anInterruptEndsAWaitAndFreesItsPlace() throws Exception {
    Dispatcher dispatcher = dispatcher(1, 1, Overflow.REJECT);
    Thread waiting =
        Thread.ofVirtual()
            .start(() -> {
              try {
                dispatcher.acquire(any("call"));
              } catch (CallCancelled e) {
                granted.add("cancelled, interrupt kept: " + Thread.currentThread().isInterrupted());
              }
            });
    until(() -> dispatcher.load().numQueued() == 1);
    waiting.interrupt();
    assertThat(granted.take()).isEqualTo("cancelled, interrupt kept: true");
    assertThat(dispatcher.load().numQueued()).isZero();
  }

  @Test
  void withoutHopeCallsFailUntilAReplicaJoins() {
    Dispatcher dispatcher = dispatcher(1, 10, Overflow.REJECT);
    dispatcher.failures().note(failure(0));
    caller(dispatcher, any("waits"));
    dispatcher.giveUp();
    until(() -> !granted.isEmpty());
    assertThat(granted.poll()).startsWith("waits failed: no replica of service s will come back");
    assertThatThrownBy(() -> dispatcher.acquire(any("call")))
        .isInstanceOf(ReplicaLost.class)
        .hasMessageContaining("replica 0 at ");
    dispatcher.join(slot(0));
    assertThat(dispatcher.acquire(any("call")).replica()).isZero();
  }

  @Test
  void aRouterOfTheUsersMustPickACandidate() {
    Dispatcher dispatcher =
        new Dispatcher("s", Queueing.defaults(), (candidates, key) -> candidates.size(), clock);
    dispatcher.join(slot(0));
    assertThatThrownBy(() -> dispatcher.acquire(any("call")))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("position=1 candidates=1");
    assertThat(dispatcher.load().numInFlight()).isZero();
  }

  @Test
  void tenThousandSessionsAreOpenAtOnce() {
    Dispatcher dispatcher = dispatcher(4, 10, Overflow.REJECT);
    for (int i = 0; i < 4; i++) {
      dispatcher.join(slot(i));
    }
    List<Binding> sessions = new ArrayList<>();
    for (int i = 0; i < 10_000; i++) {
      Binding session = dispatcher.sessions().open();
      sessions.add(session);
      dispatcher.release(dispatcher.acquire(request("call", 0, new Affinity.Bound(session))));
    }
    assertThat(dispatcher.load().numSessions()).isEqualTo(10_000);
    assertThat(dispatcher.load().replicas())
        .extracting(Load.OfReplica::numSessions)
        .containsExactly(2500, 2500, 2500, 2500);
    sessions.forEach(dispatcher.sessions()::close);
    assertThat(dispatcher.load().numSessions()).isZero();
  }
}
