package dev.burnish.link;

import dev.burnish.concurrent.Alarm;
import dev.burnish.concurrent.Thrown;
import dev.burnish.link.failure.CallCancelled;
import dev.burnish.link.failure.CallTimedOut;
import dev.burnish.link.failure.ReplicaLost;
import dev.burnish.link.transport.ProcessAddress;
import dev.burnish.link.transport.Transport;
import dev.burnish.wire.Frame;
import dev.burnish.wire.Frames;
import dev.burnish.wire.WireException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/// The connection to one peer: the calls open on it in both directions, and the streams.
///
/// When it goes down, every open call fails at once with [ReplicaLost], and every call that the
/// peer waits for is cancelled. Calls of one thread arrive in their order. Thread-safe.
public final class Link implements Transport.Receiver {
  private static final System.Logger LOG = System.getLogger(Link.class.getName());

  private static final CallSession.Part MESSAGE = new CallSession.Part.Message();

  /// The deadline of sessions of a call that has none.
  static final Duration WITHOUT_DEADLINE = Duration.ofHours(1);

  /// Receives the calls of a peer. It must not wait: it runs on the thread that receives.
  public interface Handler {
    /// A call that is to be answered.
    void call(ServedCall call);

    /// A call without answer.
    void cast(Link from, long actor, int method, byte[] arguments);
  }

  private final Transport transport;
  private final Handler handler;
  private final LinkContext context;
  private final Clock clock;
  private final LinkSettings settings;
  private final Handshake handshake;
  private final Timers timers;
  private final OpenCalls open;
  private final ServedCalls served = new ServedCalls();
  private final Streams streams;
  private final LinkState state = new LinkState();
  private final AtomicBoolean closing = new AtomicBoolean();
  private final Heartbeats heartbeats;
  private volatile String farewell = "";

  Link(
      Transport transport,
      Handler handler,
      LinkContext context,
      Clock clock,
      LinkSettings settings,
      Handshake handshake) {
    this.context = context;
    this.transport = transport;
    this.handler = handler;
    this.clock = clock;
    this.settings = settings;
    this.handshake = handshake;
    this.timers = new Timers(this, clock);
    this.open = new OpenCalls(this, timers, clock);
    this.streams = new Streams(this);
    this.heartbeats = new Heartbeats(this, timers, settings);
  }

  void start() {
    transport.start(this);
    handshake.hello().ifPresent(this::send);
    timers.at(clock.nanos() + settings.handshakeTimeout().toNanos(), Link::giveUpUnlessMet);
    heartbeats.start();
  }

  private void giveUpUnlessMet() {
    if (!handshake.isDone()) {
      lose(
          new ReplicaLost(
              "the peer did not say within %s who it is".formatted(settings.handshakeTimeout())));
    }
  }

  /// The peer, for messages.
  String peerName() {
    return handshake.isDone() ? handshake.peer().toString() : "the peer";
  }

  /// The address of the peer.
  ///
  /// @throws ReplicaLost if the peer has not identified itself in time, or is refused
  public ProcessAddress peer() {
    return handshake.peer();
  }

  /// Returns a session for the arguments of a call or message without a deadline.
  public CallSession session() {
    return new CallSession(this, MESSAGE);
  }

  /// Returns a session for the arguments of a call; their handles wait as long as the call lasts.
  public CallSession session(Deadline deadline) {
    return new CallSession(this, new CallSession.Part.Arguments(deadline));
  }

  /// Returns a session for the arguments of a broadcast.
  public CallSession broadcastSession(Deadline deadline) {
    return new CallSession(this, new CallSession.Part.Broadcast(deadline));
  }

  /// Returns a session for a result. What it holds belongs to the receiver.
  public CallSession resultSession() {
    return resultSession(WITHOUT_DEADLINE);
  }

  /// Returns a session for a result that is decoded.
  ///
  /// @param patience how long the receiver waits for each further part of the result
  public CallSession resultSession(Duration patience) {
    return new CallSession(this, new CallSession.Part.Result(patience));
  }

  /// Returns a session for a result of an actor of this process: its streams end with the actor at
  /// the latest.
  public CallSession resultSession(long actor) {
    return new CallSession(this, new CallSession.Part.Returned(actor));
  }

  /// Ends the streams to the peer of an actor of this process that has ended.
  public void actorEnded(long actor) {
    streams.actorEnded(actor);
  }

  /// Sends a call with a timeout.
  ///
  /// @see #call(String, Target, byte[], Deadline, CallSession)
  public OpenCall call(
      String what, Target target, byte[] arguments, Duration timeout, CallSession session) {
    return call(what, target, arguments, Deadline.in(clock, timeout), session);
  }

  /// Sends a call.
  ///
  /// @param what which call, for messages
  /// @param session with which the arguments were encoded; it ends with the call
  /// @throws IllegalArgumentException if the arguments exceed the limit of a frame
  /// @throws CallTimedOut if it could not be sent before its deadline
  /// @throws dev.burnish.link.failure.CallCancelled if the caller is interrupted before it is sent
  public OpenCall call(
      String what, Target target, byte[] arguments, Deadline deadline, CallSession session) {
    byte[] payload = target.waiting().before(arguments);
    long now = begin(what, payload, deadline, session);
    OpenCall call = open.open(what, deadline, session);
    if (!state.isUp()) {
      open.lose(call, state.cause());
      return call;
    }
    heartbeats.sent(now);
    long left = Math.max(deadline.nanos() - now, 1);
    call.sent(
        transport.sendCall(
            new Frame.Call(call.id(), target.actor(), target.mark(), left, payload)));
    return call;
  }

  /// Sends a call without answer.
  ///
  /// @throws CallTimedOut if it could not be sent before its deadline
  public void cast(
      String what, Target target, byte[] arguments, Deadline deadline, CallSession session) {
    begin(what, arguments, deadline, session);
    send(new Frame.Cast(target.actor(), target.method(), arguments));
  }

  /// Sends a call without answer; it waits for room as long as the link lasts.
  public void cast(String what, Target target, byte[] arguments) {
    cast(what, target, arguments, Deadline.in(clock, WITHOUT_DEADLINE), session());
  }

  /// Waits until a call may be sent; returns the time then. Releases what its arguments hold if it
  /// fails.
  private long begin(String what, byte[] payload, Deadline deadline, CallSession session) {
    boolean begun = false;
    try {
      if (payload.length > maxPayload()) {
        throw tooLarge("the arguments of %s take".formatted(what), payload.length);
      }
      long now = clock.nanos();
      if (deadline.nanos() - now <= 0) {
        throw new CallTimedOut("no time is left for a call: call=" + what);
      }
      if (!transport.hasRoom()) {
        if (!transport.awaitRoom(deadline.nanos() - now)) {
          throw new CallTimedOut(
              "a call was not sent before its deadline: call=%s; the peer does not take what was sent before"
                  .formatted(what));
        }
        now = clock.nanos();
      }
      begun = true;
      return now;
    } catch (InterruptedException e) {
      throw CallCancelled.by(e, "the caller was interrupted before a call was sent: call=" + what);
    } finally {
      if (!begun) {
        session.release();
      }
    }
  }

  /// A method of an actor of the peer, by their numbers.
  ///
  /// @param waiting the actors that wait for the call
  public record Target(long actor, int method, CallChain waiting) {
    /// Of a call that no actor waits for.
    public Target(long actor, int method) {
      this(actor, method, CallChain.NONE);
    }

    private int mark() {
      return waiting.isEmpty() ? method : method | CallChain.MARK;
    }
  }

  /// Tells a listener when the connection is lost or closed: at once if it is. A listener that ends
  /// before the connection calls [#forget(Consumer)].
  public void onDown(Consumer<ReplicaLost> listener) {
    state.onDown(listener);
  }

  /// Ends [#onDown].
  public void forget(Consumer<ReplicaLost> listener) {
    state.forget(listener);
  }

  /// Whether calls can be sent.
  public boolean isUp() {
    return state.isUp();
  }

  /// Calls of ours that are open.
  public int numOpen() {
    return open.size();
  }

  /// Ends the connection in good order: everything sent before arrives.
  public void close(String reason) {
    if (closing.compareAndSet(false, true)) {
      send(new Frame.Bye(reason));
      transport.flush();
      lose(new ReplicaLost("the connection was closed here: " + reason));
    }
  }

  /// Ends the connection because the peer is known to be gone.
  public void lose(ReplicaLost cause) {
    state.goDown(cause, () -> endAll(cause));
  }

  private void endAll(ReplicaLost cause) {
    timers.end();
    handshake.lost(cause);
    transport.close();
    open.lose(cause);
    served.cancelAll();
    streams.lose(cause);
  }

  @Override
  public void receive(Frame frame) {
    heartbeats.received(clock.nanos());
    if (!handshake.isDone()) {
      greet(frame);
      return;
    }
    switch (frame) {
      case Frame.Call f -> serve(f);
      case Frame.Cast f -> cast(f);
      case Frame.Reply f -> open.end(f.id(), new OpenCall.Outcome.Value(f.result()));
      case Frame.Failure f -> open.end(f.id(), new OpenCall.Outcome.Thrown(f.error()));
      case Frame.Cancel f -> cancelled(f.id());
      case Frame.Item f -> streams.item(f.stream(), f.element());
      case Frame.End f -> streams.end(f.stream());
      case Frame.Broken f -> streams.broken(f.stream(), f.error());
      case Frame.Credit f -> streams.credit(f.stream(), f.items());
      case Frame.Abandon f -> streams.abandon(f.stream());
      case Frame.Heartbeat _ -> {}
      case Frame.Bye f -> farewell = f.reason();
      case Frame.Hello _ -> throw new WireException("a peer says hello once");
    }
  }

  @Override
  public void ended(Throwable cause) {
    String who = handshake.isDone() ? peerName() : "a peer that never said who it is";
    String said = cause instanceof Error ? Thrown.text(cause) : String.valueOf(cause.getMessage());
    String why = farewell.isEmpty() ? said : farewell;
    if (cause instanceof WireException && state.isUp()) {
      LOG.log(System.Logger.Level.WARNING, "connection to {0} given up: {1}", who, why);
    }
    lose(new ReplicaLost("connection to %s ended: %s".formatted(who, why), cause));
  }

  Regions regions() {
    return context.regions();
  }

  DataPlane plane() {
    return context.plane();
  }

  ProcessAddress self() {
    return context.self();
  }

  /// The link to a process, which is this one if it is the peer.
  Link to(ProcessAddress process) {
    return peer().process().equals(process.process()) ? this : context.link().apply(process);
  }

  /// Another connection to the same peer, for bulk data; close it.
  Link another() {
    return context.connect().apply(handshake.peer());
  }

  Streams streams() {
    return streams;
  }

  Clock clock() {
    return clock;
  }

  void send(Frame frame) {
    heartbeats.sent(clock.nanos());
    transport.send(frame);
  }

  /// Whether the call was open.
  boolean forget(long id) {
    return open.forget(id);
  }

  /// Tells the callee that nobody waits for a call any more.
  void sendCancel(long id) {
    send(new Frame.Cancel(id));
  }

  void finish(long id) {
    served.forget(id);
  }

  private void greet(Frame frame) {
    if (!(frame instanceof Frame.Hello(byte[] introduction))) {
      throw new WireException("a peer says hello first: frame=" + frame.getClass().getSimpleName());
    }
    handshake.meet(introduction).ifPresent(this::send);
    heartbeats.greeted();
    transport.trust();
  }

  private void serve(Frame.Call frame) {
    ServedCall call = new ServedCall(this, frame, heartbeats.lastReceived() + frame.timeout());
    served.add(frame.id(), call);
    if (frame.actor() == Regions.NUMBER) {
      context.regions().serve(call);
    } else if (frame.actor() < 0) {
      streams.callBack(call);
    } else {
      handler.call(call);
    }
  }

  private void cast(Frame.Cast frame) {
    if (frame.actor() < 0) {
      streams.waited(-frame.actor(), CallChain.decode(frame.arguments()));
    } else {
      handler.cast(this, frame.actor(), frame.method(), frame.arguments());
    }
  }

  private void cancelled(long id) {
    served.cancel(id);
    streams.drop(id);
  }

  /// The most bytes of arguments, a result, an element or an error.
  int maxPayload() {
    return Frames.maxPayload(settings.limits());
  }

  /// @param what such as `the arguments of Counter.add take`
  IllegalArgumentException tooLarge(String what, int size) {
    return new IllegalArgumentException(
        "%s %d bytes, over the limit of a frame: maxPayload=%d wire.maxBytes=%d; pass bulk data as a Region, or raise wire.maxBytes"
            .formatted(what, size, maxPayload(), settings.limits().maxBytes()));
  }

  /// Runs a short action after a delay, unless it is cancelled or the link is down by then.
  Alarm after(Duration delay, Consumer<Link> action) {
    return timers.at(clock.nanos() + delay.toNanos(), action);
  }
}
