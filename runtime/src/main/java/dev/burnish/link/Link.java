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
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/// The connection to one peer: the calls open on it in both directions, and the streams.
///
/// When it goes down, every open call fails at once with [ReplicaLost], and every call that the
/// peer waits for is cancelled. Calls of one thread arrive in their order. Thread-safe.
public final class Link implements Transport.Receiver {
  private static final System.Logger LOG = System.getLogger(Link.class.getName());

  private static final CallSession.Part MESSAGE = new CallSession.Part.Message();

  /// Of what comes with a call that has no deadline.
  static final Duration WITHOUT_DEADLINE = Duration.ofHours(1);

  /// What a peer's calls are given to. It must not wait: it runs on the thread that receives.
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
  private final Map<Long, ServedCall> served = new ConcurrentHashMap<>();
  private final Streams streams;
  private final Set<Consumer<ReplicaLost>> onDown = new LinkedHashSet<>();
  private final AtomicBoolean closing = new AtomicBoolean();
  private final FailureDetector failureDetector;
  private Optional<ReplicaLost> down = Optional.empty();
  private volatile boolean up = true;
  private volatile long lastReceived;
  private volatile long lastSent;
  private volatile String farewell = "";

  /// The alarms of a link. They wait for minutes, some of them, and are taken back when the link is
  /// down, so that no ended connection is kept.
  static final class Timers {
    private final Link link;
    private final Clock clock;
    private final Set<Timer> pending = ConcurrentHashMap.newKeySet();
    private volatile boolean ended;

    Timers(Link link, Clock clock) {
      this.link = link;
      this.clock = clock;
    }

    /// Runs something short at a time, unless it is taken back or the link is down by then.
    Alarm at(long nanos, Consumer<Link> action) {
      Timer timer = new Timer(action);
      pending.add(timer);
      timer.alarm = clock.at(nanos, timer);
      if (ended || timer.isOver) {
        timer.cancel();
      }
      return timer;
    }

    void end() {
      ended = true;
      pending.forEach(Timer::cancel);
    }

    private final class Timer implements Runnable, Alarm {
      private final Consumer<Link> action;
      private volatile Alarm alarm = Alarm.NONE;
      private volatile boolean isOver;

      Timer(Consumer<Link> action) {
        this.action = action;
      }

      @Override
      public void run() {
        pending.remove(this);
        if (!isOver && !ended) {
          action.accept(link);
        }
      }

      @Override
      public void cancel() {
        isOver = true;
        pending.remove(this);
        alarm.cancel();
      }
    }
  }

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
    lastReceived = clock.nanos();
    lastSent = lastReceived;
    failureDetector = new FailureDetector(settings.heartbeat().toNanos(), lastReceived);
  }

  void start() {
    transport.start(this);
    handshake.hello().ifPresent(this::send);
    long now = clock.nanos();
    timers.at(now + settings.handshakeTimeout().toNanos(), Link::giveUpUnlessMet);
    timers.at(now + settings.heartbeat().toNanos(), Link::sendHeartbeat);
  }

  private void giveUpUnlessMet() {
    if (!handshake.isDone()) {
      lose(
          new ReplicaLost(
              "the peer did not say within %s who it is".formatted(settings.handshakeTimeout())));
    }
  }

  /// Who the peer is.
  ///
  /// @throws ReplicaLost if it has not said so in time, or is refused
  public ProcessAddress peer() {
    return handshake.peer();
  }

  /// Returns a session for the arguments of a call or message without a deadline.
  public CallSession session() {
    return new CallSession(this, MESSAGE);
  }

  /// Returns a session for the arguments of a call; what they hold waits as long as the call lasts.
  public CallSession session(Deadline deadline) {
    return new CallSession(this, new CallSession.Part.Arguments(deadline));
  }

  /// Returns a session for the arguments of a broadcast.
  public CallSession broadcastSession(Deadline deadline) {
    return new CallSession(this, new CallSession.Part.Broadcast(deadline));
  }

  /// Returns a session for a result. What it holds is the receiver's.
  public CallSession resultSession() {
    return resultSession(WITHOUT_DEADLINE);
  }

  /// Returns a session for a result that is decoded.
  ///
  /// @param patience how long the receiver waits for each further part of the result
  public CallSession resultSession(Duration patience) {
    return new CallSession(this, new CallSession.Part.Result(patience));
  }

  /// Returns a session for what an actor of this process returns: its streams end with the actor at
  /// the latest.
  public CallSession resultSession(long actor) {
    return new CallSession(this, new CallSession.Part.Returned(actor));
  }

  /// An actor of this process has ended, and what it streams to the peer ends.
  public void actorEnded(long actor) {
    streams.actorEnded(actor);
  }

  /// Sends a call, which waits for a time.
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
    if (!up) {
      open.lose(call, down());
      return call;
    }
    lastSent = now;
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

  /// Waits until a call may be sent; returns the time then. Lets go of what its arguments hold if
  /// it fails.
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

  /// Has something told when the connection is lost or closed: at once if it is. Whoever ends
  /// before the connection calls [#forget(Consumer)].
  public void onDown(Consumer<ReplicaLost> listener) {
    Optional<ReplicaLost> already;
    synchronized (onDown) {
      already = down;
      if (already.isEmpty()) {
        onDown.add(listener);
      }
    }
    already.ifPresent(listener);
  }

  /// Ends [#onDown].
  public void forget(Consumer<ReplicaLost> listener) {
    synchronized (onDown) {
      onDown.remove(listener);
    }
  }

  private ReplicaLost down() {
    synchronized (onDown) {
      return down.orElseThrow();
    }
  }

  /// Whether calls can be sent.
  public boolean isUp() {
    return up;
  }

  /// Calls of ours that are open.
  public int numOpen() {
    return open.size();
  }

  /// Ends the connection in good order: what was sent before arrives.
  public void close(String reason) {
    if (closing.compareAndSet(false, true)) {
      send(new Frame.Bye(reason));
      transport.flush();
      lose(new ReplicaLost("the connection was closed here: " + reason));
    }
  }

  /// Ends the connection because the peer is known to be gone.
  public void lose(ReplicaLost cause) {
    List<Consumer<ReplicaLost>> listeners;
    synchronized (onDown) {
      if (down.isPresent()) {
        return;
      }
      down = Optional.of(cause);
      up = false;
      listeners = List.copyOf(onDown);
      onDown.clear();
    }
    timers.end();
    handshake.lost(cause);
    transport.close();
    open.lose(cause);
    served.values().forEach(ServedCall::cancel);
    streams.lose(cause);
    listeners.forEach(listener -> tell(listener, cause));
  }

  /// One that throws does not keep the others from being told.
  private static void tell(Consumer<ReplicaLost> listener, ReplicaLost cause) {
    try {
      listener.accept(cause);
    } catch (RuntimeException e) {
      LOG.log(System.Logger.Level.ERROR, "a listener failed when a connection ended", e);
    }
  }

  @Override
  public void receive(Frame frame) {
    lastReceived = clock.nanos();
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
    String who =
        handshake.isDone() ? handshake.peer().toString() : "a peer that never said who it is";
    String said = cause instanceof Error ? Thrown.text(cause) : String.valueOf(cause.getMessage());
    String why = farewell.isEmpty() ? said : farewell;
    if (cause instanceof WireException && up) {
      LOG.log(System.Logger.Level.WARNING, "connection to {0} given up: {1}", who, why);
    }
    lose(new ReplicaLost("connection to %s ended: %s".formatted(who, why), cause));
  }

  Regions regions() {
    return context.regions();
  }

  ProcessAddress self() {
    return context.self();
  }

  /// A further connection to the same peer, for bulk; close it.
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
    lastSent = clock.nanos();
    transport.send(frame);
  }

  /// Whether the call was open.
  boolean forget(long id) {
    return open.forget(id);
  }

  /// Tells the callee that nobody waits for a call.
  void sendCancel(long id) {
    send(new Frame.Cancel(id));
  }

  void finish(long id) {
    served.remove(id);
  }

  private void greet(Frame frame) {
    if (!(frame instanceof Frame.Hello(byte[] introduction))) {
      throw new WireException("a peer says hello first: frame=" + frame.getClass().getSimpleName());
    }
    handshake.meet(introduction).ifPresent(this::send);
    transport.trust();
  }

  private void serve(Frame.Call frame) {
    ServedCall call = new ServedCall(this, frame, lastReceived + frame.timeout());
    if (served.putIfAbsent(frame.id(), call) != null) {
      throw new WireException("a call has a number of its own: id=" + frame.id());
    }
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
    Optional.ofNullable(served.remove(id)).ifPresent(ServedCall::cancel);
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

  /// Runs something short in some time, unless it is taken back or the link is down by then.
  Alarm after(Duration delay, Consumer<Link> action) {
    return timers.at(clock.nanos() + delay.toNanos(), action);
  }

  /// See [OpenCalls#sweep].
  void sweep() {
    open.sweep();
  }

  private void sendHeartbeat() {
    if (!up) {
      return;
    }
    long now = clock.nanos();
    if (failureDetector.at(now, lastReceived) > settings.heartbeatTimeout().toNanos()) {
      lose(
          new ReplicaLost(
              "no heartbeat from %s for %s: link.heartbeatTimeout=%s"
                  .formatted(
                      handshake.isDone() ? handshake.peer() : "the peer",
                      Duration.ofNanos(now - lastReceived),
                      settings.heartbeatTimeout())));
      return;
    }
    if (now - lastSent >= settings.heartbeat().toNanos() / 2) {
      send(new Frame.Heartbeat());
    }
    timers.at(now + settings.heartbeat().toNanos(), Link::sendHeartbeat);
  }
}
