package dev.burnish.actor;

import dev.burnish.actor.Endpoints.Endpoint;
import dev.burnish.concurrent.Thrown;
import dev.burnish.link.CallChain;
import dev.burnish.link.CallMemory;
import dev.burnish.link.CallSession;
import dev.burnish.link.Region;
import dev.burnish.link.ServedCall;
import dev.burnish.link.failure.CallCancelled;
import dev.burnish.link.failure.CallTimedOut;
import dev.burnish.link.failure.Overloaded;
import dev.burnish.link.failure.ReplicaLost;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// One call on its way through an actor. Any exception on that way is its answer.
final class Execution extends Interruptible implements Turn.Work {
  private static final System.Logger LOG = System.getLogger(Execution.class.getName());
  private static final byte[] NOTHING = {};

  private final ActorCell cell;
  private final Optional<ServedCall> call;
  private final int method;
  private final byte[] arguments;
  private final CallSession session;
  private boolean concurrent;
  private volatile boolean isCut;

  Execution(
      ActorCell cell,
      Optional<ServedCall> call,
      int method,
      byte[] arguments,
      CallSession session) {
    this.cell = cell;
    this.call = call;
    this.method = method;
    this.arguments = arguments;
    this.session = session;
  }

  /// Queues the call, if the process has room for it.
  void submit() {
    CallMemory callMemory = cell.system().callMemory();
    if (!cell.isAgent()) {
      if (!callMemory.take(arguments.length)) {
        overflow(callMemory);
        return;
      }
      count();
    }
    cell.turn().add(this);
    if (call.isPresent()) {
      call.get().onCancel(this::cancel);
    }
  }

  /// Nobody waits for a broadcast: the loss of one is a failure of the actor.
  private void overflow(CallMemory callMemory) {
    String full =
        "what waits in a process is bounded: call=%s queued=%d %s; "
            .formatted(what(), cell.turn().numQueued(), callMemory);
    refuse(new Overloaded(full + "call later, or give the process more memory"));
    if (call.isEmpty()) {
      cell.lifecycle()
          .die(
              full
                  + "wait for the actor now and then, with a call, or give the process more memory",
              Optional.empty());
    }
  }

  /// Starts without a turn.
  void start() {
    run();
    call.ifPresent(served -> served.onCancel(this::cancel));
  }

  /// Such as `counters[1].add`.
  String what() {
    return cell.title() + endpoint().map(e -> "." + e.method().getName()).orElse("");
  }

  @Override
  public boolean isBeside() {
    return endpoint().filter(Endpoint::concurrent).isPresent();
  }

  private Optional<Endpoint> endpoint() {
    Optional<ActorCell.Actor> actor = cell.actor();
    return actor.isPresent() ? actor.get().endpoints().find(method) : Optional.empty();
  }

  private CallChain waiting() {
    return call.isPresent() ? call.get().waiting() : CallChain.NONE;
  }

  @Override
  public void run() {
    Optional<Endpoint> endpoint = endpoint();
    if (cell.gone().isPresent()) {
      refuse(cell.gone().get());
    } else if (endpoint.isEmpty()) {
      refuse(
          new IllegalArgumentException(
              "there is no such endpoint: actor=%s method=%d".formatted(cell.title(), method)));
    } else if (endpoint.get().concurrent()) {
      runBeside(endpoint.get());
    } else {
      cell.running(this);
      runInTurn(endpoint.get());
    }
  }

  /// The turn runs it as work that only this actor waits for.
  private void runInTurn(Endpoint endpoint) {
    CallChain waiting = waiting();
    if (waiting.isEmpty()) {
      execute(endpoint);
    } else {
      waiting.inTurn(cell::waiter).run(() -> execute(endpoint));
    }
  }

  private void runBeside(Endpoint endpoint) {
    concurrent = true;
    cell.running(this);
    try {
      cell.runBeside(
          endpoint.method().getName(), () -> waiting().during(() -> executeBeside(endpoint)));
    } catch (Throwable e) {
      refuse(e);
      end(endpoint);
    }
  }

  /// Its effects may be what another call waits for.
  private void executeBeside(Endpoint endpoint) {
    try {
      execute(endpoint);
    } finally {
      cell.turn().changed();
    }
  }

  void cancel() {
    if (cell.turn().remove(this)) {
      refuse(new CallCancelled("cancelled before it began: actor=" + cell.title()));
    } else {
      interrupt();
    }
  }

  /// Called when the actor ends: a result or exception of the endpoint from now on may be a
  /// consequence of that, and is not its answer.
  void cut() {
    isCut = true;
    interrupt();
  }

  /// It does not run.
  void refuse(Throwable failure) {
    release();
    call.ifPresent(served -> served.fail(failure));
  }

  private void release() {
    if (takeCount()) {
      cell.system().callMemory().release(arguments.length);
    }
  }

  private void execute(Endpoint endpoint) {
    try {
      if (call.isPresent() && call.get().isLate()) {
        refuse(
            new CallTimedOut("the deadline passed while it was queued: call=" + endpoint.name()));
      } else if (begin() && cell.gone().isEmpty()) {
        long began = cell.system().clock().nanos();
        cell.began(began);
        invoke(endpoint);
        cell.actor()
            .orElseThrow()
            .latencies()
            .get(method)
            .took(cell.system().clock().nanos() - began);
      } else {
        refuse(
            cell.gone()
                .<RuntimeException>map(lost -> lost)
                .orElseGet(
                    () -> new CallCancelled("cancelled before it began: call=" + endpoint.name())));
      }
    } catch (Throwable e) {
      threw(endpoint, e);
    } finally {
      end(endpoint);
    }
  }

  private void end(Endpoint endpoint) {
    boolean wasCounted = finish();
    cell.done(this);
    if (wasCounted) {
      cell.system().callMemory().release(arguments.length);
    }
    try {
      session.release();
    } catch (Throwable e) {
      LOG.log(
          System.Logger.Level.WARNING,
          "what came with a call of {0} cannot be released: {1}",
          endpoint.name(),
          Thrown.text(e));
    }
  }

  private void invoke(Endpoint endpoint) {
    Optional<Tracing> tracing = cell.system().tracing(cell.spec().number());
    if (tracing.isEmpty()) {
      invoke(endpoint, arguments);
      return;
    }
    if (arguments.length < Tracing.SIZE) {
      malformed(
          endpoint,
          new IllegalArgumentException(
              "in a job that is traced every call says what it is part of: call="
                  + endpoint.name()));
      return;
    }
    String what = cell.title() + "." + endpoint.method().getName();
    try (Tracing.Step part = tracing.get().serve(what, Arrays.copyOf(arguments, Tracing.SIZE))) {
      invoke(endpoint, Arrays.copyOfRange(arguments, Tracing.SIZE, arguments.length))
          .ifPresent(thrown -> note(part, thrown));
    }
  }

  /// Tracing asks an exception for its message, which may throw.
  private static void note(Tracing.Step part, Throwable thrown) {
    try {
      part.failed(thrown);
    } catch (Throwable e) {
      part.failed(new IllegalStateException(Thrown.text(thrown)));
    }
  }

  /// Runs the endpoint; returns the exception that it threw.
  private Optional<Throwable> invoke(Endpoint endpoint, byte[] encoded) {
    Object[] values;
    try {
      values = values(endpoint.arguments().decode(encoded, session));
    } catch (Throwable t) {
      return malformed(endpoint, t);
    }
    try {
      Object result = run(endpoint, values);
      if (call.isPresent()) {
        answer(call.get(), endpoint, result);
      } else {
        leave(result);
      }
      return Optional.empty();
    } catch (Throwable t) {
      threw(endpoint, t);
      return Optional.of(t);
    }
  }

  /// The instance, then the arguments.
  private Object[] values(List<Object> arguments) {
    Object[] values = new Object[arguments.size() + 1];
    values[0] = cell.actor().orElseThrow().instance();
    for (int i = 0; i < arguments.size(); i++) {
      values[i + 1] = arguments.get(i);
    }
    return values;
  }

  /// Marks the turn as waiting for nothing once the endpoint has ended, before the caller knows.
  private @Nullable Object run(Endpoint endpoint, Object[] values) throws Throwable {
    try {
      return endpoint.call().call(values);
    } finally {
      if (!concurrent) {
        cell.turn().waitsNoMore();
      }
    }
  }

  private void answer(ServedCall served, Endpoint endpoint, @Nullable Object result) {
    if (isCut) {
      leave(result);
      served.fail(wasCut());
      return;
    }
    if (endpoint.method().getReturnType() == void.class) {
      served.reply(NOTHING);
      return;
    }
    CallSession holds = session.link().resultSession(cell.spec().number());
    byte[] encoded;
    try {
      encoded = encode(endpoint, result, holds);
    } catch (Throwable e) {
      holds.release();
      throw e;
    }
    served.reply(encoded, holds);
  }

  /// Releases a result that has no receiver: that of a broadcast, or of an actor that has ended.
  private static void leave(@Nullable Object result) {
    if (result instanceof Region region) {
      region.close();
    }
  }

  /// A call that the actor never saw is no failure of the actor.
  private Optional<Throwable> malformed(Endpoint endpoint, Throwable fault) {
    call.ifPresentOrElse(
        served -> served.fail(fault),
        () ->
            LOG.log(
                System.Logger.Level.WARNING,
                "a malformed broadcast of {0} is dropped: {1}",
                endpoint.name(),
                Thrown.text(fault)));
    return Optional.of(fault);
  }

  private ReplicaLost wasCut() {
    ReplicaLost why = cell.gone().orElseThrow();
    return new ReplicaLost("the actor ended while a call of %s ran".formatted(what()), why);
  }

  private byte[] encode(Endpoint endpoint, @Nullable Object result, CallSession holds) {
    try {
      byte[] bytes = endpoint.result().encode(Collections.singletonList(result), holds);
      cell.system().checkResult(bytes);
      return bytes;
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "result of %s: %s".formatted(endpoint.name(), e.getMessage()), e);
    }
  }

  /// A call is answered with the exception; an exception that no caller waits for ends the actor.
  private void threw(Endpoint endpoint, Throwable thrown) {
    if (call.isPresent()) {
      call.get().fail(isCut ? wasCut() : thrown);
    } else {
      cell.lifecycle()
          .die(
              "a broadcast of %s threw %s".formatted(endpoint.name(), Thrown.text(thrown)),
              Optional.of(thrown));
    }
  }
}
