package dev.burnish.link;

import dev.burnish.link.failure.RemoteErrors;
import dev.burnish.link.failure.ReplicaLost;
import dev.burnish.wire.Codec;
import dev.burnish.wire.Frame;
import dev.burnish.wire.WireException;
import java.lang.ref.Cleaner;
import java.util.Collections;
import java.util.Iterator;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/// The streams of one link. A producer sends an element only when the consumer has given credit for
/// it; the consumer gives credit as elements are taken. So a slow consumer slows the producer, and
/// never fills memory.
///
/// Callbacks are calls back to the caller, to actors of negative numbers.
final class Streams {
  /// Releases handles that came as part of a result, when nobody refers to them any more.
  static final class Left {
    static final Cleaner CLEANER =
        Cleaner.create(Thread.ofPlatform().daemon().name("link/left-streams").factory());

    private Left() {}
  }

  /// Elements that may be in flight.
  static final int WINDOW = 32;

  private final Link link;
  private final AtomicLong nextId = new AtomicLong();
  private final Map<Long, Producer> producers = new ConcurrentHashMap<>();
  private final Map<Long, StreamBuffer> consumers = new ConcurrentHashMap<>();
  private final Map<Long, Callback> callbacks = new ConcurrentHashMap<>();

  private final Map<Long, Runnable> leases = new ConcurrentHashMap<>();

  /// Handles in results that were sent, by the number of the call, until the peer has the result.
  private final Map<Long, CallSession> results = new ConcurrentHashMap<>();

  private record Callback(Codec codec, Consumer<Object> consumer) {}

  Streams(Link link) {
    this.link = link;
  }

  /// Offers the elements of an iterator; they are taken from it as the peer asks, until the session
  /// ends.
  ///
  /// @throws IllegalArgumentException if it is an argument that was one of another call
  long produce(Iterator<?> elements, Codec codec, CallSession session) {
    if (!session.isResult()) {
      StreamKind.GivenOnce.HERE.give(elements);
    }
    long id = nextId.incrementAndGet();
    Producer producer = new Producer(link, id, elements, codec, session);
    producers.put(id, producer);
    session.atEnd(producer.end);
    return id;
  }

  /// The elements of a stream of the peer, until its call ends, or for a result until nobody refers
  /// to them any more.
  Iterator<Object> consume(long id, Codec codec, ClassLoader loader, CallSession session) {
    StreamBuffer buffer = new StreamBuffer(link, id, loader);
    consumers.put(id, buffer);
    buffer.tellWaiting();
    link.send(new Frame.Credit(id, WINDOW));
    if (!link.isUp()) {
      buffer.lost(new ReplicaLost("the connection has ended"));
    }
    return RemoteIterator.of(buffer, codec, session);
  }

  /// Lets the peer call a consumer; returns the number to call.
  long offer(Consumer<Object> consumer, Codec codec) {
    long id = -nextId.incrementAndGet();
    callbacks.put(id, new Callback(codec, consumer));
    return id;
  }

  /// Keeps a resource until the peer abandons it or is gone, or the session ends.
  long lease(CallSession session, Runnable release) {
    long id = nextId.incrementAndGet();
    Runnable end = () -> abandon(id);
    leases.put(
        id,
        () -> {
          session.forget(end);
          release.run();
        });
    session.atEnd(end);
    if (!link.isUp()) {
      abandon(id);
    }
    return id;
  }

  /// The number of streams of the peer that are not over.
  int numConsumed() {
    return consumers.size();
  }

  /// The number of our streams that are not over.
  int numProduced() {
    return producers.size();
  }

  void forget(long id) {
    consumers.remove(id);
    callbacks.remove(id);
  }

  /// A result is about to be sent: its handles stay until the peer has taken each of them.
  void sending(long call, CallSession result) {
    results.put(call, result);
    result.whenEmpty(() -> results.remove(call));
  }

  /// The peer does not take the result of a call, if it was sent.
  void drop(long call) {
    Optional.ofNullable(results.remove(call)).ifPresent(CallSession::release);
  }

  void callBack(ServedCall call) {
    Callback callback = callbacks.get(call.actor());
    if (callback == null) {
      call.fail(new ReplicaLost("the call of this callback has ended: id=" + call.actor()));
      return;
    }
    Thread thread =
        Thread.ofVirtual()
            .name("callback-" + call.actor())
            .unstarted(() -> call.waiting().during(() -> run(call, callback)));
    call.onCancel(thread::interrupt);
    thread.start();
  }

  private static void run(ServedCall call, Callback callback) {
    try {
      callback
          .consumer()
          .accept(callback.codec().decode(call.arguments(), call.session()).getFirst());
      call.reply(new byte[0]);
    } catch (Throwable e) {
      call.fail(e);
    } finally {
      call.session().release();
    }
  }

  void item(long id, byte[] element) {
    Optional.ofNullable(consumers.get(id)).ifPresent(consumer -> consumer.item(element));
  }

  void end(long id) {
    Optional.ofNullable(consumers.remove(id)).ifPresent(StreamBuffer::end);
  }

  void broken(long id, byte[] error) {
    Optional.ofNullable(consumers.remove(id)).ifPresent(consumer -> consumer.broken(error));
  }

  /// Sets the actors that wait for the elements of a producer from now on.
  void waited(long id, CallChain waiting) {
    Optional.ofNullable(producers.get(id)).ifPresent(producer -> producer.waiting = waiting);
  }

  void credit(long id, int items) {
    Optional.ofNullable(producers.get(id)).ifPresent(producer -> producer.credit(items));
  }

  void abandon(long id) {
    Optional.ofNullable(producers.remove(id)).ifPresent(Producer::abandon);
    Optional.ofNullable(leases.remove(id)).ifPresent(Runnable::run);
    callbacks.remove(id);
  }

  /// Ends the streams in the results of an actor of this process.
  void actorEnded(long actor) {
    ReplicaLost cause = new ReplicaLost("the actor of a stream has stopped: number=" + actor);
    producers.values().stream()
        .filter(producer -> producer.session.isOwnedBy(actor))
        .map(producer -> producer.id)
        .toList()
        .forEach(id -> {
          abandon(id);
          link.send(new Frame.Broken(id, RemoteErrors.encode(cause, link.maxPayload())));
        });
  }

  void lose(ReplicaLost cause) {
    consumers.values().forEach(consumer -> consumer.lost(cause));
    consumers.clear();
    producers.values().forEach(Producer::abandon);
    producers.clear();
    leases.keySet().forEach(this::abandon);
    results.clear();
    callbacks.clear();
  }

  /// Sends elements while there is credit, each time on a thread of its own.
  private static final class Producer {
    private static final long MOST = 1 << 20;

    private final Link link;
    private final long id;
    private final Iterator<?> elements;
    private final Codec codec;
    private final CallSession session;
    private final AtomicLong credit = new AtomicLong();

    /// Handles in elements that were sent, until the peer has the element.
    private final Set<CallSession> held = ConcurrentHashMap.newKeySet();

    /// The action that the session runs when it ends.
    private final Runnable end;

    private volatile CallChain waiting = CallChain.NONE;
    private volatile boolean abandoned;
    private volatile boolean touched;
    private volatile boolean finished;

    Producer(Link link, long id, Iterator<?> elements, Codec codec, CallSession session) {
      this.link = link;
      this.id = id;
      this.elements = elements;
      this.codec = codec;
      this.session = session;
      this.end = () -> link.streams().abandon(id);
    }

    void credit(int items) {
      long before = credit.getAndAdd(items);
      if (before + items > MOST) {
        throw new WireException("a stream's credit is bounded: credit=" + (before + items));
      }
      if (before == 0) {
        Thread.ofVirtual().name("stream-" + id).start(this::produce);
      }
    }

    /// Its iterator is not interrupted: it may be working on something that its owner needs.
    void abandon() {
      abandoned = true;
      if (!touched) {
        StreamKind.GivenOnce.HERE.takeBack(elements);
      }
      session.forget(end);
      held.forEach(CallSession::release);
      if (!finished && elements instanceof AutoCloseable closeable) {
        Thread.ofVirtual().name("stream-" + id + "/close").start(() -> close(closeable));
      }
    }

    private void produce() {
      touched = true;
      try {
        long left = credit.get();
        while (left > 0 && !abandoned) {
          if (!waiting.during(elements::hasNext)) {
            finish();
            link.send(new Frame.End(id));
            return;
          }
          send(waiting.during(elements::next));
          left = credit.decrementAndGet();
        }
      } catch (Throwable e) {
        finish();
        link.send(new Frame.Broken(id, RemoteErrors.encode(e, link.maxPayload())));
      }
    }

    private void send(Object element) {
      CallSession holds = session.part();
      try {
        byte[] encoded = codec.encode(Collections.singletonList(element), holds);
        if (encoded.length > link.maxPayload()) {
          throw link.tooLarge("an element of a stream takes", encoded.length);
        }
        if (!holds.isEmpty()) {
          hold(holds);
        }
        link.send(new Frame.Item(id, encoded));
      } catch (Throwable e) {
        holds.release();
        throw e;
      }
    }

    private void hold(CallSession holds) {
      held.add(holds);
      holds.whenEmpty(() -> {
        held.remove(holds);
        forgetIfOver();
      });
      if (abandoned) {
        holds.release();
      }
    }

    private void finish() {
      finished = true;
      forgetIfOver();
    }

    /// The peer may still abandon elements that it has not taken.
    private void forgetIfOver() {
      if (finished && held.isEmpty()) {
        link.streams().producers.remove(id);
        session.forget(end);
      }
    }

    private static void close(AutoCloseable closeable) {
      try {
        closeable.close();
      } catch (Exception e) {
        System.getLogger(Streams.class.getName())
            .log(System.Logger.Level.WARNING, "cannot close an abandoned stream", e);
      }
    }
  }
}
