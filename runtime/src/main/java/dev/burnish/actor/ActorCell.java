package dev.burnish.actor;

import static java.util.stream.Collectors.joining;

import dev.burnish.actor.Endpoints.Endpoint;
import dev.burnish.concurrent.Pace;
import dev.burnish.link.CallChain;
import dev.burnish.link.CallChain.Waiter;
import dev.burnish.link.CallSession;
import dev.burnish.link.Link;
import dev.burnish.link.ServedCall;
import dev.burnish.link.failure.CallCancelled;
import dev.burnish.link.failure.CallTimedOut;
import dev.burnish.link.failure.ReplicaLost;
import dev.burnish.link.transport.ReaderThread;
import dev.burnish.wire.Session;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// One actor: its instance, its calls, what it owns.
///
/// An exception of a call goes to its caller and leaves the actor alive. What nobody waits for ends
/// it: a failed constructor, an exception of a broadcast, an unhandled failure of something owned.
/// Then its owner is told, and every further call fails.
final class ActorCell implements Supervisor {
  private static final System.Logger LOG = System.getLogger(ActorCell.class.getName());

  private final Node node;
  private final ActorSpec spec;
  private final Supervisor supervisor;
  private final long identity;
  private final Turn turn;
  private final Context context = new Context(this);
  private final Deque<AutoCloseable> owned = new ArrayDeque<>();
  private final Set<Execution> running = ConcurrentHashMap.newKeySet();
  private final AtomicBoolean ending = new AtomicBoolean();
  private final AtomicLong numCalls = new AtomicLong();
  private final CallRate rate;
  private final CountDownLatch ended = new CountDownLatch(1);
  private volatile Optional<ReplicaLost> gone = Optional.empty();
  private volatile Optional<Actor> actor = Optional.empty();

  /// A constructed actor.
  private record Actor(Object instance, Endpoints endpoints, List<Pace> paces) {
    Actor(Object instance, Endpoints endpoints) {
      this(instance, endpoints, Stream.generate(Pace::new).limit(endpoints.size()).toList());
    }

    /// Whether calls of an endpoint, one at a time, have been short of late.
    boolean isQuick(int method) {
      return endpoints.find(method).filter(endpoint -> !endpoint.concurrent()).isPresent()
          && paces.get(method).isQuick();
    }
  }

  ActorCell(Node node, ActorSpec spec, Supervisor supervisor) {
    this.node = node;
    this.spec = spec;
    this.supervisor = supervisor;
    this.identity = node.identity(spec.number());
    this.rate = new CallRate(node.clock().nanos());
    this.turn = new Turn(work -> node.execute(title(), () -> runInTurn(work)));
  }

  ActorSpec spec() {
    return spec;
  }

  Node node() {
    return node;
  }

  /// `counters[1]`.
  String title() {
    return spec.name() + "[" + spec.point().rank() + "]";
  }

  long numCalls() {
    return numCalls.get();
  }

  double callsPerSecond() {
    return rate.perSecond(node.clock().nanos());
  }

  int numQueued() {
    return turn.numQueued();
  }

  int numRunning() {
    return running.size();
  }

  /// What it is doing, in a word.
  String state() {
    if (gone.isPresent()) {
      return "failed";
    }
    if (ending.get()) {
      return "stopping";
    }
    return actor.isEmpty() ? "starting" : running.isEmpty() ? "idle" : "busy";
  }

  /// Constructs the actor, before any call; answers when that is done.
  void construct(ServedCall call) {
    turn.add(() -> {
      try {
        actor = Optional.of(make(call.session()));
        call.reply(new byte[0]);
      } catch (Throwable e) {
        call.fail(e);
        die("its constructor failed: " + e, Optional.of(e));
      }
    });
  }

  /// Says whether it lives, without a turn: also while it is busy.
  void ping(ServedCall call) {
    gone.ifPresentOrElse(call::fail, () -> call.reply(new byte[0]));
  }

  /// Answers after what was asked before: its construction.
  void whenConstructed(ServedCall call) {
    turn.add(() -> ping(call));
  }

  /// Takes an instance that exists.
  void adopt(Object instance, Endpoints endpoints) {
    actor = Optional.of(new Actor(instance, endpoints));
  }

  void call(ServedCall call) {
    Execution execution =
        new Execution(Optional.of(call), call.method(), call.arguments(), call.session());
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
      execution.fail(new IllegalStateException(circle(circle, execution.what())));
    }
  }

  private static String circle(List<Waiter> circle, String called) {
    return circle.size() == 1
        ? "an actor that calls itself would wait for itself: call=%s; call the method of the class, leave this actor out with slice, or mark the endpoint @Concurrent"
            .formatted(called)
        : "a call that leads back to an actor that waits for it would wait for itself: circle=%s -> %s; mark the last endpoint @Concurrent, send it without waiting (broadcast), or pass on what it would ask for"
            .formatted(circle.stream().map(Waiter::name).collect(joining(" -> ")), called);
  }

  /// This actor, as what it now calls has it wait.
  Waiter waiter() {
    String name = turn.piece() instanceof Execution execution ? execution.what() : title();
    return new Waiter(identity, turn.number(), name);
  }

  /// Runs a call that should be short on the thread that received it.
  private boolean runHere(Execution execution, ServedCall call) {
    return Thread.currentThread() instanceof ReaderThread reader
        && reader.isFree()
        && gone.isEmpty()
        && actor.isPresent()
        && actor.get().isQuick(call.method())
        && turn.runHere(() -> {
          call.onCancel(execution::cancel);
          reader.work(
              () -> runInTurn(execution),
              (nanos, action) -> node.clock().after(Duration.ofNanos(nanos), action));
        });
  }

  void cast(Link from, int method, byte[] arguments) {
    submit(new Execution(Optional.empty(), method, arguments, from.session()));
  }

  void await(BooleanSupplier condition) {
    if (running.stream().anyMatch(Execution::isConcurrentHere)) {
      throw new IllegalStateException(
          "a concurrent endpoint has no turn to give up: actor="
              + title()
              + "; wait on a lock of the actor's");
    }
    turn.await(condition);
  }

  void own(AutoCloseable closeable) {
    synchronized (owned) {
      owned.push(closeable);
    }
  }

  @Override
  public void failed(Failure failure) {
    turn.add(() -> {
      if (!handles(failure)) {
        die(
            "a failure of something it owns was not handled: " + failure.describe(),
            Optional.empty());
      }
    });
  }

  /// Ends the actor: its calls, then what it owns, then itself. What a call that runs then returns
  /// or throws may come of that, and is not its answer. Waits a bounded time; a second call waits
  /// for the first.
  void stop(String reason) {
    if (ending.compareAndSet(false, true)) {
      end(new ReplicaLost("actor %s was stopped: %s".formatted(title(), reason)));
    } else {
      await(ended);
    }
  }

  private void end(ReplicaLost why) {
    gone = Optional.of(why);
    running.forEach(Execution::interrupt);
    CountDownLatch idle = new CountDownLatch(1);
    turn.add(idle::countDown);
    boolean isIdle = await(idle) && awaitNoneRunning();
    closeOwned();
    if (!isIdle) {
      LOG.log(System.Logger.Level.WARNING, "actor {0} does not end its call", title());
    }
    closeSelf();
    node.remove(spec.number());
    ended.countDown();
  }

  private void die(String reason, Optional<Throwable> cause) {
    if (!ending.compareAndSet(false, true)) {
      return;
    }
    String message = "actor %s has failed: %s".formatted(title(), reason);
    gone =
        Optional.of(
            cause.map(c -> new ReplicaLost(message, c)).orElseGet(() -> new ReplicaLost(message)));
    Place place = new Place(spec.name(), spec.point(), node.self().process(), node.self().host());
    LOG.log(System.Logger.Level.DEBUG, message);
    supervisor.failed(new Failure(place, reason, trace(cause)));
    node.execute(
        title() + "/end",
        () -> {
          running.forEach(Execution::interrupt);
          closeOwned();
          closeSelf();
          ended.countDown();
        });
  }

  private static List<String> trace(Optional<Throwable> cause) {
    List<String> lines = new ArrayList<>();
    for (@Nullable Throwable t = cause.orElse(null);
        t != null && lines.size() < 40;
        t = t.getCause()) {
      lines.add(t.toString());
      for (StackTraceElement frame : t.getStackTrace()) {
        if (lines.size() < 40) {
          lines.add("  at " + frame);
        }
      }
    }
    return lines;
  }

  private boolean handles(Failure failure) {
    if (actor.isPresent() && actor.get().instance() instanceof Supervising supervising) {
      try {
        return supervising.supervise(failure);
      } catch (RuntimeException e) {
        die(
            "handling a failure failed: %s; it was %s".formatted(e, failure.describe()),
            Optional.of(e));
        return true;
      }
    }
    return false;
  }

  private Actor make(Session session) throws Exception {
    ClassLoader loader = node.loader();
    Endpoints endpoints = node.endpoints(Class.forName(spec.type(), false, loader));
    if (!endpoints.signature().equals(spec.signature())) {
      throw new IllegalStateException(
          "both sides have the same endpoints: type=%s; run one build everywhere"
              .formatted(spec.type()));
    }
    return new Actor(spec.construction().make(loader, node.codecs(), session), endpoints);
  }

  private void submit(Execution execution) {
    Optional<ReplicaLost> lost = gone;
    if (lost.isPresent()) {
      execution.fail(lost.get());
    } else {
      execution.submit();
    }
  }

  private void runInTurn(Runnable work) {
    ScopedValue.where(Context.CURRENT, context).where(Context.TURN, this).run(work);
  }

  private void runBound(Runnable work) {
    ScopedValue.where(Context.CURRENT, context).run(work);
  }

  private void closeOwned() {
    List<AutoCloseable> closing;
    synchronized (owned) {
      closing = List.copyOf(owned);
      owned.clear();
    }
    closing.forEach(this::close);
  }

  private void closeSelf() {
    if (actor.isPresent() && actor.get().instance() instanceof AutoCloseable closeable) {
      CountDownLatch closed = new CountDownLatch(1);
      Thread thread =
          Thread.ofVirtual()
              .name(title() + "/close")
              .start(() ->
                  runBound(() -> {
                    close(closeable);
                    closed.countDown();
                  }));
      if (!await(closed)) {
        LOG.log(System.Logger.Level.WARNING, "actor {0} does not close", title());
        thread.interrupt();
      }
    }
  }

  private void close(AutoCloseable closeable) {
    try {
      closeable.close();
    } catch (Exception e) {
      LOG.log(System.Logger.Level.WARNING, "actor " + title() + " failed to close", e);
    }
  }

  private boolean awaitNoneRunning() {
    for (Execution execution : running) {
      if (!await(execution.done)) {
        return false;
      }
    }
    return true;
  }

  private boolean await(CountDownLatch latch) {
    try {
      return latch.await(node.settings().stopping().toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /// One call on its way through the actor.
  private final class Execution implements Turn.Work {
    private final Optional<ServedCall> call;
    private final int method;
    private final byte[] arguments;
    private final CallSession session;
    private final CountDownLatch done = new CountDownLatch(1);
    private @Nullable Thread thread;
    private boolean concurrent;
    private boolean cancelled;

    Execution(Optional<ServedCall> call, int method, byte[] arguments, CallSession session) {
      this.call = call;
      this.method = method;
      this.arguments = arguments;
      this.session = session;
    }

    void submit() {
      turn.add(this);
      call.ifPresent(served -> served.onCancel(this::cancel));
    }

    /// Starts without a turn.
    void start() {
      run();
      call.ifPresent(served -> served.onCancel(this::cancel));
    }

    /// Such as `counters[1].add`.
    String what() {
      return title() + endpoint().map(e -> "." + e.method().getName()).orElse("");
    }

    @Override
    public boolean isBeside() {
      return endpoint().filter(Endpoint::concurrent).isPresent();
    }

    private Optional<Endpoint> endpoint() {
      return actor.flatMap(a -> a.endpoints().find(method));
    }

    private CallChain waiting() {
      return call.map(ServedCall::waiting).orElse(CallChain.NONE);
    }

    @Override
    public void run() {
      Optional<Endpoint> endpoint = endpoint();
      if (gone.isPresent()) {
        fail(gone.get());
      } else if (endpoint.isEmpty()) {
        fail(
            new IllegalArgumentException(
                "there is no such endpoint: actor=%s method=%d".formatted(title(), method)));
      } else if (endpoint.get().concurrent()) {
        concurrent = true;
        running.add(this);
        node.execute(
            title() + "/" + endpoint.get().method().getName(),
            () ->
                runBound(() -> Context.waitedFor(waiting(), () -> executeBeside(endpoint.get()))));
      } else {
        running.add(this);
        Context.waitedFor(waiting(), () -> execute(endpoint.get()));
      }
    }

    /// What it did may be what another call waits for.
    private void executeBeside(Endpoint endpoint) {
      execute(endpoint);
      turn.changed();
    }

    boolean isConcurrentHere() {
      return concurrent && thread == Thread.currentThread();
    }

    void cancel() {
      if (turn.remove(this)) {
        fail(new CallCancelled("cancelled before it began: actor=" + title()));
      } else {
        interrupt();
      }
    }

    synchronized void interrupt() {
      cancelled = true;
      if (thread != null) {
        thread.interrupt();
      }
    }

    void fail(RuntimeException failure) {
      call.ifPresent(served -> served.fail(failure));
    }

    private void execute(Endpoint endpoint) {
      try {
        if (call.isPresent() && call.get().isLate()) {
          fail(
              new CallTimedOut("the deadline passed while it was queued: call=" + endpoint.name()));
        } else if (begin()) {
          numCalls.incrementAndGet();
          long began = node.clock().nanos();
          rate.add(began);
          invoke(endpoint);
          actor.orElseThrow().paces().get(method).took(node.clock().nanos() - began);
        } else {
          fail(
              gone.<RuntimeException>map(lost -> lost)
                  .orElseGet(() ->
                      new CallCancelled("cancelled before it began: call=" + endpoint.name())));
        }
      } finally {
        finish();
        session.release();
        running.remove(this);
        done.countDown();
      }
    }

    /// Once this is one of those that run, the end of the actor cancels it.
    private synchronized boolean begin() {
      thread = Thread.currentThread();
      return !cancelled && gone.isEmpty();
    }

    /// After this no interrupt of this call comes any more; one that came is taken back.
    @SuppressWarnings("ResultOfMethodCallIgnored")
    private synchronized void finish() {
      thread = null;
      Thread.interrupted();
    }

    private void invoke(Endpoint endpoint) {
      Optional<Tracing> tracing = node.tracing(spec.number());
      if (tracing.isEmpty()) {
        invoke(endpoint, arguments);
        return;
      }
      if (arguments.length < Tracing.SIZE) {
        threw(
            endpoint,
            new IllegalArgumentException(
                "in a job that is traced every call says what it is part of: call="
                    + endpoint.name()));
        return;
      }
      String what = title() + "." + endpoint.method().getName();
      try (Tracing.Step part = tracing.get().serve(what, Arrays.copyOf(arguments, Tracing.SIZE))) {
        invoke(endpoint, Arrays.copyOfRange(arguments, Tracing.SIZE, arguments.length))
            .ifPresent(part::failed);
      }
    }

    /// Returns what the endpoint threw.
    private Optional<Throwable> invoke(Endpoint endpoint, byte[] encoded) {
      try {
        List<Object> values = new ArrayList<>();
        values.add(actor.orElseThrow().instance());
        values.addAll(endpoint.arguments().decode(encoded, session));
        Object result = run(endpoint, values.toArray());
        call.ifPresent(served ->
            gone.ifPresentOrElse(served::fail, () -> served.reply(encode(endpoint, result))));
        return Optional.empty();
      } catch (Throwable t) {
        return threw(endpoint, t);
      }
    }

    /// Waits for nothing any more once it has ended, before anybody knows.
    private @Nullable Object run(Endpoint endpoint, Object[] values) throws Throwable {
      try {
        return endpoint.call().call(values);
      } finally {
        if (!concurrent) {
          turn.waitsNoMore();
        }
      }
    }

    private byte[] encode(Endpoint endpoint, @Nullable Object result) {
      if (endpoint.method().getReturnType() == void.class) {
        return new byte[0];
      }
      try {
        byte[] bytes =
            endpoint
                .result()
                .encode(Collections.singletonList(result), session.link().resultSession());
        node.checkResult(bytes);
        return bytes;
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException(
            "result of %s: %s".formatted(endpoint.name(), e.getMessage()), e);
      }
    }

    private Optional<Throwable> threw(Endpoint endpoint, Throwable thrown) {
      if (call.isPresent()) {
        call.get().fail(gone.<Throwable>map(lost -> lost).orElse(thrown));
      } else {
        die("a broadcast of %s threw %s".formatted(endpoint.name(), thrown), Optional.of(thrown));
      }
      return Optional.of(thrown);
    }
  }
}
