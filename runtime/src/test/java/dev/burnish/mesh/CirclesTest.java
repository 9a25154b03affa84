package dev.burnish.mesh;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.burnish.actor.ActorSystemSettings;
import dev.burnish.actor.Concurrent;
import dev.burnish.actor.Context;
import dev.burnish.concurrent.Scope;
import dev.burnish.mesh.JobOptions.Processes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Calls that lead back to an actor that waits for them.
@Timeout(120)
class CirclesTest {
  private Optional<Job> started = Optional.empty();

  /// An actor that follows the first step of a route, and has the next actor follow the rest.
  interface Relay {
    void know(Map<String, ActorMesh<Relay>> peers);

    /// Returns the last actor of the route. A step is `call b`, `beside b`, `gather b`, `stream b`
    /// or `tell b`, or one that waits for the test.
    String follow(List<String> route);

    @Concurrent
    String followBeside(List<String> route);

    /// Begins a step and does not wait for it.
    void begin(List<String> route);

    /// The outcome of that.
    String begun();

    int numFollowed();
  }

  static final class RelayActor implements Relay {
    /// For steps of processes that are threads of this one.
    private static volatile CountDownLatch waiting = new CountDownLatch(1);

    private static volatile CountDownLatch released = new CountDownLatch(1);

    private volatile Map<String, ActorMesh<Relay>> peers = Map.of();
    private final List<Iterable<Reply<String>>> begun = new ArrayList<>();
    private int numFollowed;

    @Override
    public void know(Map<String, ActorMesh<Relay>> known) {
      peers = known;
    }

    @Override
    public String follow(List<String> route) {
      numFollowed++;
      return next(route);
    }

    @Override
    public String followBeside(List<String> route) {
      return next(route);
    }

    private String next(List<String> route) {
      if (route.isEmpty()) {
        return Context.current().name();
      }
      List<String> rest = route.subList(1, route.size());
      if (route.getFirst().equals("wait")) {
        await();
        return next(rest);
      }
      int space = route.getFirst().indexOf(' ');
      ActorMesh<Relay> to = mesh(peers, route.getFirst().substring(space + 1));
      return switch (route.getFirst().substring(0, space)) {
        case "call" -> to.only().follow(rest);
        case "beside" -> to.only().followBeside(rest);
        case "gather" -> to.gather(relay -> relay.follow(rest)).getFirst();
        case "stream" -> to.stream(relay -> relay.follow(rest)).iterator().next().value();
        default -> {
          to.broadcast(relay -> relay.follow(rest));
          yield "told";
        }
      };
    }

    private static void await() {
      waiting.countDown();
      try {
        released.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }

    @Override
    public void begin(List<String> route) {
      begun.add(
          mesh(peers, route.getFirst()).stream(
              relay -> relay.follow(route.subList(1, route.size()))));
    }

    @Override
    public String begun() {
      return begun.getFirst().iterator().next().value();
    }

    @Override
    public int numFollowed() {
      return numFollowed;
    }
  }

  /// Actors that know each other by their names, each in a process of its own.
  private Map<String, ActorMesh<Relay>> relays(Processes processes, String... names) {
    Job job =
        Job.start(
            JobOptions.named("circles")
                .with(processes)
                .with(ActorSystemSettings.defaults().withTimeout(Duration.ofSeconds(60))));
    started = Optional.of(job);
    ProcMesh procs = job.hosts().spawnProcs(Map.of("gpus", names.length));
    Map<String, ActorMesh<Relay>> relays = new java.util.TreeMap<>();
    for (int i = 0; i < names.length; i++) {
      relays.put(names[i], procs.at("gpus", i).spawn(names[i], Relay.class, RelayActor::new));
    }
    relays.values().forEach(mesh -> mesh.only().know(relays));
    return relays;
  }

  @AfterEach
  void close() {
    started.ifPresent(Job::close);
  }

  private static ActorMesh<Relay> mesh(Map<String, ActorMesh<Relay>> relays, String name) {
    return Optional.ofNullable(relays.get(name)).orElseThrow();
  }

  private static void assertRefused(Relay first, String circle, String... route) {
    assertThatThrownBy(() -> first.follow(List.of(route)))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("would wait for itself: circle=" + circle + ";")
        .hasMessageContaining("@Concurrent");
  }

  @ParameterizedTest
  @EnumSource(Processes.class)
  void aCircleIsRefusedAndItsActorsGoOn(Processes processes) {
    Map<String, ActorMesh<Relay>> relays = relays(processes, "a", "b", "c");
    Relay a = mesh(relays, "a").only();
    assertRefused(a, "a[0].follow -> b[0].follow -> a[0].follow", "call b", "call a");
    assertRefused(
        a,
        "a[0].follow -> b[0].follow -> c[0].follow -> a[0].follow",
        "call b",
        "call c",
        "call a",
        "call b");
    assertRefused(
        a, "b[0].follow -> c[0].follow -> b[0].follow", "call b", "call c", "call b", "call a");
    assertThat(a.follow(List.of("call b", "call c"))).isEqualTo("c");
    assertThat(mesh(relays, "b").only().follow(List.of("call c", "call a"))).isEqualTo("a");
    assertThat(a.numFollowed()).isEqualTo(5);
  }

  @ParameterizedTest
  @EnumSource(Processes.class)
  void aCircleWhoseLastCallIsConcurrentOrNotWaitedForGoesThrough(Processes processes) {
    Map<String, ActorMesh<Relay>> relays = relays(processes, "a", "b");
    Relay a = mesh(relays, "a").only();
    assertThat(a.follow(List.of("call b", "beside a"))).isEqualTo("a");
    assertThat(a.follow(List.of("call b", "tell a"))).isEqualTo("told");
    assertThat(a.followBeside(List.of("call b", "call a"))).isEqualTo("a");
    assertThat(a.follow(List.of("beside a"))).isEqualTo("a");
  }

  @Test
  void aCircleIsSeenThroughConcurrentEndpointsAndCallsOfMany() {
    Map<String, ActorMesh<Relay>> relays = relays(Processes.THREADS, "a", "b", "c");
    Relay a = mesh(relays, "a").only();
    String throughB = "a[0].follow -> b[0].follow -> a[0].follow";
    assertRefused(a, throughB, "gather b", "call a");
    assertRefused(a, throughB, "call b", "gather a");
    assertRefused(a, throughB, "stream b", "stream a");
    assertRefused(a, throughB, "call b", "beside c", "gather a");
    assertRefused(a, throughB, "beside c", "beside b", "call b", "call a");
    assertThat(a.follow(List.of("gather b", "stream c"))).isEqualTo("c");
  }

  /// The call comes when the turn that began it is over.
  @Test
  void whatNoTurnWaitsForIsNoCircle() throws Exception {
    Map<String, ActorMesh<Relay>> relays = relays(Processes.THREADS, "a", "b");
    RelayActor.waiting = new CountDownLatch(1);
    RelayActor.released = new CountDownLatch(1);
    Relay a = mesh(relays, "a").only();
    a.begin(List.of("b", "wait", "call a"));
    RelayActor.waiting.await();
    RelayActor.released.countDown();
    assertThat(mesh(relays, "b").only().follow(List.of())).isEqualTo("b");
    assertThat(a.begun()).isEqualTo("a");
  }

  @Test
  void aConcurrentCallRunsBesideOneThatIsBusy() throws Exception {
    Map<String, ActorMesh<Relay>> relays = relays(Processes.THREADS, "a");
    RelayActor.waiting = new CountDownLatch(1);
    RelayActor.released = new CountDownLatch(1);
    Relay a = mesh(relays, "a").only();
    FutureTask<String> busy = new FutureTask<>(() -> a.follow(List.of("wait")));
    Thread.startVirtualThread(busy);
    RelayActor.waiting.await();
    assertThat(a.followBeside(List.of())).isEqualTo("a");
    assertThat(busy.isDone()).isFalse();
    RelayActor.released.countDown();
    assertThat(busy.get()).isEqualTo("a");
  }

  /// Calls that wait at an actor for its turn do not hold up a call that the turn waits for.
  @Test
  void aConcurrentCallOfACircleDoesNotQueue() throws Exception {
    Map<String, ActorMesh<Relay>> relays = relays(Processes.THREADS, "a", "b");
    RelayActor.waiting = new CountDownLatch(1);
    RelayActor.released = new CountDownLatch(1);
    Relay a = mesh(relays, "a").only();
    FutureTask<String> first =
        new FutureTask<>(() -> a.follow(List.of("call b", "wait", "beside a")));
    Thread.startVirtualThread(first);
    RelayActor.waiting.await();
    mesh(relays, "a").broadcast(relay -> relay.follow(List.of()));
    mesh(relays, "a").probe(Duration.ofMinutes(1));
    RelayActor.released.countDown();
    assertThat(first.get()).isEqualTo("a");
    assertThat(a.numFollowed()).isEqualTo(2);
  }

  @Test
  void callsOfManyActorsInARowAreNoCircle() {
    String[] names = IntStream.range(0, 20).mapToObj(i -> "relay" + i).toArray(String[]::new);
    Map<String, ActorMesh<Relay>> relays = relays(Processes.THREADS, names);
    List<String> route = IntStream.range(1, 20).mapToObj(i -> "call relay" + i).toList();
    assertThat(mesh(relays, "relay0").only().follow(route)).isEqualTo("relay19");
  }

  interface Looped {
    void know(ActorMesh<Looped> self);

    int echo(int n);

    @Concurrent
    int beside(int n);

    void each(int n, Consumer<Integer> callback);

    @Concurrent
    void eachBeside(int n, Consumer<Integer> callback);

    int sum(Iterator<Integer> numbers);

    Iterator<Integer> numbers(boolean ofItself);

    int sumOfNumbers(ActorMesh<Looped> of);

    int inScope(ActorMesh<Looped> other);
  }

  static final class LoopedActor implements Looped {
    private volatile Optional<ActorMesh<Looped>> self = Optional.empty();

    @Override
    public void know(ActorMesh<Looped> known) {
      self = Optional.of(known);
    }

    @Override
    public int echo(int n) {
      return n;
    }

    @Override
    public int beside(int n) {
      return n;
    }

    @Override
    public void each(int n, Consumer<Integer> callback) {
      IntStream.range(0, n).forEach(callback::accept);
    }

    @Override
    public void eachBeside(int n, Consumer<Integer> callback) {
      each(n, callback);
    }

    @Override
    public int sum(Iterator<Integer> numbers) {
      int sum = 0;
      while (numbers.hasNext()) {
        sum += numbers.next();
      }
      return sum;
    }

    @Override
    public Iterator<Integer> numbers(boolean ofItself) {
      ActorMesh<Looped> asked = self.orElseThrow();
      return IntStream.range(0, 3).map(i -> ofItself ? asked.only().echo(i) : i).iterator();
    }

    @Override
    public int sumOfNumbers(ActorMesh<Looped> of) {
      return sum(of.only().numbers(true));
    }

    @Override
    public int inScope(ActorMesh<Looped> other) {
      return Scope.map(List.of(1, 2), n -> other.only().echo(n)).getFirst();
    }
  }

  private ActorMesh<Looped> looped(Processes processes) {
    Job job =
        Job.start(
            JobOptions.named("circles")
                .with(processes)
                .with(ActorSystemSettings.defaults().withTimeout(Duration.ofSeconds(60))));
    started = Optional.of(job);
    ActorMesh<Looped> mesh =
        job.hosts().spawnProcs(Map.of("gpus", 2)).spawn("looped", Looped.class, LoopedActor::new);
    mesh.fanout(actor -> actor.know(mesh.at("gpus", 0)));
    return mesh;
  }

  private static void assertCircle(ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("wait for itself");
  }

  @ParameterizedTest
  @EnumSource(Processes.class)
  void aCircleOverACallbackIsRefused(Processes processes) {
    Looped actor = looped(processes).at("gpus", 0).only();
    assertCircle(() -> actor.each(2, actor::echo));
    assertCircle(() -> actor.each(2, i -> Scope.map(List.of(i), actor::echo)));
    assertCircle(() -> actor.each(1, i -> actor.each(1, actor::beside)));
    List<Integer> seen = Collections.synchronizedList(new ArrayList<>());
    actor.each(2, i -> seen.add(actor.beside(i)));
    actor.eachBeside(2, i -> seen.add(actor.echo(i)));
    assertThat(seen).containsExactly(0, 1, 0, 1);
    assertThat(actor.echo(3)).isEqualTo(3);
  }

  @ParameterizedTest
  @EnumSource(Processes.class)
  void aCircleOverAStreamIsRefused(Processes processes) {
    ActorMesh<Looped> mesh = looped(processes);
    Looped first = mesh.at("gpus", 0).only();
    Looped second = mesh.at("gpus", 1).only();
    assertCircle(() -> first.sum(IntStream.range(0, 3).map(first::echo).iterator()));
    assertThat(first.sum(IntStream.range(0, 3).map(second::echo).iterator())).isEqualTo(3);
    assertThat(first.sum(IntStream.range(0, 3).map(first::beside).iterator())).isEqualTo(3);
    // The first waits for a stream of the second's, whose elements call the first.
    assertCircle(() -> first.sumOfNumbers(mesh.at("gpus", 1)));
    List<Integer> all = new ArrayList<>();
    second.numbers(true).forEachRemaining(all::add);
    assertThat(all).containsExactly(0, 1, 2);
  }

  @Test
  void aCircleOverThreadsOfAScopeIsRefused() {
    ActorMesh<Looped> mesh = looped(Processes.THREADS);
    Looped first = mesh.at("gpus", 0).only();
    assertCircle(() -> first.inScope(mesh.at("gpus", 0)));
    assertThat(first.inScope(mesh.at("gpus", 1))).isEqualTo(1);
  }
}
