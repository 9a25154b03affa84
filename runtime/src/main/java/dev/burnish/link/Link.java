package dev.burnish.link;

import dev.burnish.concurrent.Thrown;
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
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Function;

/// The connection to one peer: the calls open on it in both directions, and the streams.
///
/// When it goes down, every open call fails at once with [ReplicaLost], and every call that the
/// peer waits for is cancelled. Calls of one thread arrive in their order. Thread-safe.
public final class Link implements Transport.Receiver {
  private static final System.Logger LOG = System.getLogger(Link.class.getName());
  private static final Duration LONGEST = Duration.ofDays(365);

  /// What a peer's calls are given to. It must not wait: it runs on the thread that receives.
  public interface Handler {
    /// A call that is to be answered.
    void call(ServedCall call);

    /// A call without answer.
    void cast(Link from, long actor, int method, byte[] arguments);
  }

  private final Transport transport;
  private final Handler handler;
  private final Ways ways;
  private final Clock clock;
  private final LinkSettings settings;
  private final Greeting greeting;
  private final Timers timers;
  private final Map<Long, OpenCall> open = new ConcurrentHashMap<>();
  private final Map<Long, ServedCall> served = new ConcurrentHashMap<>();
  private final AtomicLong nextId = new AtomicLong();
  private final AtomicLong nextSweep = new AtomicLong(Long.MAX_VALUE);
  private final Streams streams;
  private final Set<Consumer<ReplicaLost>> onDown = new LinkedHashSet<>();
  private final AtomicBoolean closing = new AtomicBoolean();
  private final Silence silence;
  private Optional<ReplicaLost> down = Optional.empty();
  private volatile boolean up = true;
  private volatile long lastReceived;
  private volatile long lastSent;
  private volatile String farewell = "";

  /// What a link shares with the others of its process.
  record Ways(ProcessAddress self, Regions regions, Function<ProcessAddress, Link> connect) {}

  /// What a link has the clock do. The clock keeps an action until its time, minutes for some; so
  /// an action holds this, and this lets go of the link, with its buffers, when the link is down.
  private static final class Timers {
    private final Clock clock;
    private volatile Optional<Link> link;

    Timers(Link link, Clock clock) {
      this.link = Optional.of(link);
      this.clock = clock;
    }

    /// @param action that holds nothing of the link
    void at(long nanos, Consumer<Link> action) {
      clock.at(nanos, () -> link.ifPresent(action));
    }

    void end() {
      link = Optional.empty();
    }
  }

  Link(
      Transport transport,
      Handler handler,
      Ways ways,
      Clock clock,
      LinkSettings settings,
      Greeting greeting) {
    this.ways = ways;
    this.transport = transport;
    this.handler = handler;
    this.clock = clock;
    this.settings = settings;
    this.greeting = greeting;
    this.streams = new Streams(this);
    this.timers = new Timers(this, clock);
    lastReceived = clock.nanos();
    lastSent = lastReceived;
    silence = new Silence(settings.heartbeat().toNanos(), lastReceived);
  }

  void start() {
    transport.start(this);
    greeting.hello().ifPresent(this::send);
    long now = clock.nanos();
    timers.at(now + settings.greeting().toNanos(), Link::giveUpUnlessMet);
    timers.at(now + settings.heartbeat().toNanos(), Link::beat);
  }

  private void giveUpUnlessMet() {
    if (!greeting.isDone()) {
      lose(
          new ReplicaLost(
              "the peer did not say within %s who it is".formatted(settings.greeting())));
    }
  }

  /// Who the peer is.
  ///
  /// @throws ReplicaLost if it has not said so in time, or is refused
  public ProcessAddress peer() {
    return greeting.peer();
  }

  /// What the arguments of a further call are encoded with.
  public CallSession session() {
    return new CallSession(this, CallSession.Part.ARGUMENTS);
  }

  /// What the arguments of a further broadcast are encoded with.
  public CallSession broadcastSession() {
    return new CallSession(this, CallSession.Part.BROADCAST);
  }

  /// What a result is encoded or decoded with. What it holds is the receiver's.
  public CallSession resultSession() {
    return new CallSession(this, CallSession.Part.RESULT);
  }

  /// Sends a call.
  ///
  /// @param what which call, for messages
  /// @param session with which the arguments were encoded
  /// @throws IllegalArgumentException if the arguments exceed the limit of a frame
  public OpenCall call(
      String what, Target target, byte[] arguments, Duration timeout, CallSession session) {
    byte[] payload = target.waiting().before(arguments);
    checkSize(what, payload);
    long nanos = (timeout.compareTo(LONGEST) > 0 ? LONGEST : timeout).toNanos();
    if (nanos <= 0) {
      throw new CallTimedOut(
          "no time is left for a call: call=%s timeout=%s".formatted(what, timeout));
    }
    long deadline = clock.nanos() + nanos;
    OpenCall call = new OpenCall(this, nextId.incrementAndGet(), what, deadline, session);
    open.put(call.id(), call);
    if (!up) {
      failOpen(call);
      return call;
    }
    sweepBy(deadline);
    send(new Frame.Call(call.id(), target.actor(), target.mark(), nanos, payload));
    return call;
  }

  /// Sends a call without answer.
  public void cast(String what, Target target, byte[] arguments) {
    checkSize(what, arguments);
    send(new Frame.Cast(target.actor(), target.method(), arguments));
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
    greeting.lost(cause);
    transport.close();
    open.values().forEach(this::failOpen);
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
    if (!greeting.isDone()) {
      greet(frame);
      return;
    }
    switch (frame) {
      case Frame.Call f -> serve(f);
      case Frame.Cast f -> cast(f);
      case Frame.Reply f -> end(f.id(), new OpenCall.Outcome.Value(f.result()));
      case Frame.Failure f -> end(f.id(), new OpenCall.Outcome.Thrown(f.error()));
      case Frame.Cancel f -> cancelled(f.id());
      case Frame.Item f -> streams.item(f.stream(), f.element());
      case Frame.End f -> streams.end(f.stream());
      case Frame.Broken f -> streams.broken(f.stream(), f.error());
      case Frame.Credit f -> streams.credit(f.stream(), f.items());
      case Frame.Abandon f -> streams.abandon(f.stream());
      case Frame.Alive _ -> {}
      case Frame.Bye f -> farewell = f.reason();
      case Frame.Hello _ -> throw new WireException("a peer says hello once");
    }
  }

  @Override
  public void ended(Throwable cause) {
    String who =
        greeting.isDone() ? greeting.peer().toString() : "a peer that never said who it is";
    String said = cause instanceof Error ? Thrown.text(cause) : String.valueOf(cause.getMessage());
    String why = farewell.isEmpty() ? said : farewell;
    if (cause instanceof WireException && up) {
      LOG.log(System.Logger.Level.WARNING, "connection to {0} given up: {1}", who, why);
    }
    lose(new ReplicaLost("connection to %s ended: %s".formatted(who, why), cause));
  }

  Regions regions() {
    return ways.regions();
  }

  ProcessAddress self() {
    return ways.self();
  }

  /// A further connection to the same peer, for bulk; close it.
  Link another() {
    return ways.connect().apply(greeting.peer());
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
    return open.remove(id) != null;
  }

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
    greeting.meet(introduction).ifPresent(this::send);
    transport.trust();
  }

  private void serve(Frame.Call frame) {
    ServedCall call = new ServedCall(this, frame, lastReceived + frame.timeout());
    if (served.putIfAbsent(frame.id(), call) != null) {
      throw new WireException("a call has a number of its own: id=" + frame.id());
    }
    if (frame.actor() == Regions.NUMBER) {
      ways.regions().serve(call);
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

  /// The result of a call that nobody waits for any more is not taken: the peer keeps what it holds
  /// until it knows.
  private void end(long id, OpenCall.Outcome outcome) {
    OpenCall call = open.remove(id);
    if (call != null) {
      call.end(outcome);
    } else if (outcome instanceof OpenCall.Outcome.Value(byte[] result) && result.length > 0) {
      sendCancel(id);
    }
  }

  private void failOpen(OpenCall call) {
    if (forget(call.id())) {
      ReplicaLost cause;
      synchronized (onDown) {
        cause = down.orElseThrow();
      }
      call.end(
          new OpenCall.Outcome.Failed(
              new ReplicaLost("%s failed: %s".formatted(call.what(), cause.getMessage()), cause)));
    }
  }

  private void checkSize(String what, byte[] arguments) {
    int limit = Frames.maxPayload(settings.limits());
    if (arguments.length > limit) {
      throw new IllegalArgumentException(
          "the arguments of %s take %d bytes, over the limit of a frame: wire.maxBytes=%d; pass bulk data as a Region, or raise the limit"
              .formatted(what, arguments.length, settings.limits().maxBytes()));
    }
  }

  /// Sees to it that deadlines are looked at by a time.
  private void sweepBy(long deadline) {
    long planned = nextSweep.get();
    while (planned == Long.MAX_VALUE || deadline - planned < 0) {
      if (nextSweep.compareAndSet(planned, deadline)) {
        timers.at(deadline, Link::sweep);
        return;
      }
      planned = nextSweep.get();
    }
  }

  private void sweep() {
    nextSweep.set(Long.MAX_VALUE);
    long now = clock.nanos();
    Optional<Long> next = Optional.empty();
    for (OpenCall call : open.values()) {
      long left = call.deadline() - now;
      if (left > 0) {
        next = Optional.of(next.filter(other -> other < left).orElse(left));
      } else if (forget(call.id())) {
        sendCancel(call.id());
        call.end(
            new OpenCall.Outcome.Failed(
                new CallTimedOut("no answer before the deadline: call=%s".formatted(call.what()))));
      }
    }
    next.ifPresent(left -> sweepBy(now + left));
  }

  private void beat() {
    if (!up) {
      return;
    }
    long now = clock.nanos();
    if (silence.at(now, lastReceived) > settings.patience().toNanos()) {
      lose(
          new ReplicaLost(
              "no sign of life from %s for %s: link.patience=%s"
                  .formatted(
                      greeting.isDone() ? greeting.peer() : "the peer",
                      Duration.ofNanos(now - lastReceived),
                      settings.patience())));
      return;
    }
    if (now - lastSent >= settings.heartbeat().toNanos() / 2) {
      send(new Frame.Alive());
    }
    timers.at(now + settings.heartbeat().toNanos(), Link::beat);
  }
}
