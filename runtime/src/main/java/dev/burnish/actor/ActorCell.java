package dev.burnish.actor;

import static java.util.stream.Collectors.joining;

import dev.burnish.concurrent.LatencyAverage;
import dev.burnish.concurrent.Thrown;
import dev.burnish.link.CallChain;
import dev.burnish.link.CallChain.Waiter;
import dev.burnish.link.Link;
import dev.burnish.link.ServedCall;
import dev.burnish.link.failure.CallTimedOut;
import dev.burnish.link.failure.ReplicaLost;
import dev.burnish.link.transport.ReaderThread;
import dev.burnish.wire.Session;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;

/// One actor: its instance, its calls, what it owns.
///
/// An exception of a call goes to its caller and leaves the actor alive. A failure that no caller
/// waits for ends the actor: a failed constructor, an exception of a broadcast, an unhandled
/// failure of something that it owns. Then its owner is told, and every further call fails.
final class ActorCell implements Supervisor {
  private final ActorSystem system;
  private final ActorSpec spec;
  private final Threads threads;
  private final long identity;
  private final Turn turn;
  private final ScopedValue.Carrier inContext =
      ScopedValue.where(Context.CURRENT, new Context(this));
  private final ScopedValue.Carrier inTurn =
      CallChain.NONE.inTurn(this::waiter).where(Context.CURRENT, new Context(this));
  private final ReaderThread.Later later;
  private final Set<Execution> running = ConcurrentHashMap.newKeySet();
  private final Lifecycle lifecycle;
  private final AtomicLong numCalls = new AtomicLong();
  private final CallRate rate;
  private volatile Optional<Actor> actor = Optional.empty();

  /// The threads on which its calls run.
  interface Threads {
    void run(String name, Runnable work);
  }

  /// A constructed actor.
  record Actor(Object instance, Endpoints endpoints, List<LatencyAverage> latencies) {
    Actor(Object instance, Endpoints endpoints) {
      this(
          instance,
          endpoints,
          Stream.generate(LatencyAverage::new).limit(endpoints.size()).toList());
    }

    /// Whether recent calls of an endpoint, one at a time, have been short.
    boolean isQuick(int method) {
      Optional<Endpoints.Endpoint> endpoint = endpoints.find(method);
      return endpoint.isPresent()
          && !endpoint.get().concurrent()
          && latencies.get(method).isQuick();
    }
  }

  ActorCell(ActorSystem system, ActorSpec spec, Supervisor supervisor, Threads threads) {
    this.system = system;
    this.spec = spec;
    this.lifecycle = new Lifecycle(this, supervisor);
    this.threads = threads;
    this.identity = system.identity(spec.number());
    this.rate = new CallRate(system.clock().nanos());
    this.later = (nanos, action) -> system.clock().after(Duration.ofNanos(nanos), action);
    this.turn = new Turn(work -> threads.run(title(), () -> runInTurn(work)));
  }

  ActorSpec spec() {
    return spec;
  }

  ActorSystem system() {
    return system;
  }

  /// `counters[1]`.
  String title() {
    return spec.name() + "[" + spec.point().rank() + "]";
  }

  long numCalls() {
    return numCalls.get();
  }

  double callsPerSecond() {
    return rate.perSecond(system.clock().nanos());
  }

  int numQueued() {
    return turn.numQueued();
  }

  /// The state of the actor, in a word.
  String state() {
    if (gone().isPresent()) {
      return lifecycle.hasFailed() ? "failed" : "stopping";
    }
    return actor.isEmpty() ? "starting" : running.isEmpty() ? "idle" : "busy";
  }

  Turn turn() {
    return turn;
  }

  Optional<Actor> actor() {
    return actor;
  }

  /// How the actor ends, and what it owns until then.
  Lifecycle lifecycle() {
    return lifecycle;
  }

  /// Why it takes no calls, once it takes none.
  Optional<ReplicaLost> gone() {
    return lifecycle.gone();
  }

  /// Constructs the actor, before any call; answers when that is done.
  void construct(ServedCall call) {
    turn.add(() -> {
      try {
        actor = Optional.of(make(call.session()));
        call.reply(new byte[0]);
      } catch (Throwable e) {
        call.fail(e);
        lifecycle.die("its constructor failed: " + Thrown.text(e), Optional.of(e));
      } finally {
        call.session().release();
      }
    });
  }

  /// Answers whether it lives, without a turn: also while it is busy. The answer comes from where
  /// its calls run, so that there is none when no call could run.
  void ping(ServedCall call) {
    threads.run(title() + "/ping", () -> answer(call));
    Duration patience = call.timeLeft().multipliedBy(3).dividedBy(4);
    system
        .clock()
        .after(
            patience,
            () -> {
              if (!call.isAnswered()) {
                call.fail(starved(patience));
              }
            });
  }

  private CallTimedOut starved(Duration patience) {
    return new CallTimedOut(
        "its process is starved: no call could begin within %s, what runs there does not let go of its threads; actor=%s process=%s"
            .formatted(patience, title(), system.self().process()));
  }

  private void answer(ServedCall call) {
    gone().ifPresentOrElse(call::fail, () -> call.reply(new byte[0]));
  }

  /// Answers a call after the requests before it: the construction of the actor.
  void whenConstructed(ServedCall call) {
    List<Waiter> circle = call.waiting().from(identity, turn.number());
    if (circle.isEmpty()) {
      turn.add(() -> answer(call));
    } else {
      call.fail(new IllegalStateException(circle(circle, title())));
    }
  }

  /// Takes an existing instance.
  void adopt(Object instance, Endpoints endpoints) {
    actor = Optional.of(new Actor(instance, endpoints));
  }

  void call(ServedCall call) {
    Execution execution =
        new Execution(this, Optional.of(call), call.method(), call.arguments(), call.session());
    List<Waiter> circle = call.waiting().from(identity, turn.number());
    if (!circle.isEmpty()) {
      callWithin(circle, execution);
    } else if (!runHere(execution, call)) {
      submit(execution);
    }
  }

  /// A call that this actor itself waits for with its turn: it must not wait for that turn.
  private void callWithin(List<Waiter> circle, Execution execution) {
    if (execution.isBeside()) {
      execution.start();
    } else {
      execution.refuse(new IllegalStateException(circle(circle, execution.what())));
    }
  }

  private static String circle(List<Waiter> circle, String called) {
    return circle.size() == 1
        ? "an actor that calls itself would wait for itself: call=%s; call the method of the class, leave this actor out with slice, or mark the endpoint @Concurrent"
            .formatted(called)
        : "a call that leads back to an actor that waits for it would wait for itself: circle=%s -> %s; mark the last endpoint @Concurrent, send it without waiting (broadcast), or pass on what it would ask for"
            .formatted(circle.stream().map(Waiter::name).collect(joining(" -> ")), called);
  }

  /// This actor as a waiter, for the calls that it makes now.
  Waiter waiter() {
    String name = turn.piece() instanceof Execution execution ? execution.what() : title();
    return new Waiter(identity, turn.number(), name);
  }

  /// Runs a call that should be short on the thread that received it.
  private boolean runHere(Execution execution, ServedCall call) {
    return Thread.currentThread() instanceof ReaderThread reader
        && reader.isFree()
        && gone().isEmpty()
        && actor.isPresent()
        && actor.get().isQuick(call.method())
        && turn.runHere(() -> {
          call.onCancel(execution::cancel);
          reader.work(() -> runInTurn(execution), later);
        });
  }

  void cast(Link from, int method, byte[] arguments) {
    submit(new Execution(this, Optional.empty(), method, arguments, from.session()));
  }

  void await(BooleanSupplier condition) {
    if (!turn.isHeldHere()) {
      throw new IllegalStateException(
          "a concurrent endpoint has no turn to give up, nor has a condition, or a thread of an endpoint: actor="
              + title()
              + "; wait on a lock of the actor's");
    }
    turn.await(condition);
  }

  @Override
  public void failed(Failure failure) {
    try {
      turn.add(() -> handle(failure));
    } catch (Throwable e) {
      lifecycle.die(
          "a failure of something it owns could not be handled: %s; it was %s"
              .formatted(Thrown.text(e), failure.describe()),
          Optional.of(e));
    }
  }

  private void handle(Failure failure) {
    if (!handles(failure)) {
      lifecycle.die(
          "a failure of something it owns was not handled: " + failure.describe(),
          Optional.empty());
    }
  }

  private boolean handles(Failure failure) {
    if (actor.isPresent() && actor.get().instance() instanceof Supervising supervising) {
      try {
        return supervising.supervise(failure);
      } catch (Throwable e) {
        lifecycle.die(
            "handling a failure failed: %s; it was %s"
                .formatted(Thrown.text(e), failure.describe()),
            Optional.of(e));
        return true;
      }
    }
    return false;
  }

  private Actor make(Session session) throws Exception {
    ClassLoader loader = system.loader();
    Endpoints endpoints = system.endpoints(Class.forName(spec.type(), false, loader));
    if (!endpoints.signature().equals(spec.signature())) {
      throw new IllegalStateException(
          "both sides have the same endpoints: type=%s; run one build everywhere"
              .formatted(spec.type()));
    }
    return new Actor(spec.construction().make(loader, system.codecs(), session), endpoints);
  }

  /// No call stays without an answer, also where it cannot be queued.
  private void submit(Execution execution) {
    Optional<ReplicaLost> lost = gone();
    if (lost.isPresent()) {
      execution.refuse(lost.get());
      return;
    }
    try {
      execution.submit();
      if (gone().isPresent()) {
        lifecycle.cutCalls();
      }
    } catch (Throwable e) {
      execution.refuse(e);
    }
  }

  /// Agents have no bound: the calls that they serve keep the job together.
  boolean isAgent() {
    return system.isAgent(spec.number());
  }

  /// Runs a call concurrently with the turn.
  void runBeside(String name, Runnable work) {
    threads.run(title() + "/" + name, () -> runBound(work));
  }

  void began(long now) {
    numCalls.incrementAndGet();
    rate.add(now);
  }

  /// The calls that run.
  Set<Execution> running() {
    return running;
  }

  /// Runs code of the actor without its turn.
  void runBound(Runnable work) {
    inContext.run(work);
  }

  void running(Execution execution) {
    running.add(execution);
  }

  void done(Execution execution) {
    running.remove(execution);
  }

  private void runInTurn(Runnable work) {
    inTurn.run(work);
  }
}
