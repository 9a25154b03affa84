package dev.burnish.link;

import dev.burnish.wire.Codec;
import dev.burnish.wire.Codecs;
import dev.burnish.wire.Frame;
import dev.burnish.wire.Handle;
import dev.burnish.wire.HandleKind;
import dev.burnish.wire.Session;
import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Streams as arguments and results: an `Iterator` whose elements the other side takes as it needs
/// them, and a `Consumer` that is called back, in order, with each value.
///
/// An argument is valid until its call ends. An iterator that is a result lasts until it ends, is
/// closed (it is [AutoCloseable]) or is referred to no more; its elements come one by one within
/// the time that the call had.
public final class StreamKind implements HandleKind {
  private final ClassLoader exceptions;

  /// @param exceptions loads the classes of those that the other side throws
  public StreamKind(ClassLoader exceptions) {
    this.exceptions = exceptions;
  }

  /// The form in which a stream travels.
  record StreamForm(long id) {}

  @Override
  public Optional<Handle<?, ?>> bind(Type declared, Codecs codecs) {
    if (!(declared instanceof ParameterizedType generic)) {
      return Optional.empty();
    }
    if (generic.getRawType() == Iterator.class) {
      return Optional.of(new Iterators(codecs.of(generic.getActualTypeArguments()), exceptions));
    }
    if (generic.getRawType() == Consumer.class) {
      return Optional.of(new Callbacks(codecs.of(generic.getActualTypeArguments()), exceptions));
    }
    return Optional.empty();
  }

  private record Iterators(Codec codec, ClassLoader exceptions)
      implements Handle<Iterator<Object>, StreamForm> {
    @Override
    public Class<StreamForm> form() {
      return StreamForm.class;
    }

    @Override
    public StreamForm export(Iterator<Object> value, Session session) {
      CallSession call = CallSession.of(session);
      return new StreamForm(call.link().streams().produce(value, codec, call));
    }

    @Override
    public Iterator<Object> restore(StreamForm form, Session session) {
      CallSession call = CallSession.of(session);
      return call.link().streams().consume(form.id(), codec, exceptions, call);
    }
  }

  private record Callbacks(Codec codec, ClassLoader exceptions)
      implements Handle<Consumer<Object>, StreamForm> {
    @Override
    public Class<StreamForm> form() {
      return StreamForm.class;
    }

    @Override
    public StreamForm export(Consumer<Object> value, Session session) {
      CallSession call = CallSession.of(session);
      Streams streams = call.link().streams();
      long id = streams.offer(value, codec);
      call.atEnd(() -> streams.forget(id));
      return new StreamForm(id);
    }

    @Override
    public Consumer<Object> restore(StreamForm form, Session session) {
      CallSession call = CallSession.of(session);
      Link link = call.link();
      long id = form.id();
      RemoteConsumer consumer = new RemoteConsumer(call, id, codec, exceptions);
      if (call.isResult()) {
        Streams.Left.CLEANER.register(consumer, () -> link.send(new Frame.Abandon(id)));
      } else {
        call.atEnd(() -> link.send(new Frame.Abandon(id)));
      }
      return consumer;
    }
  }

  /// Calls a consumer of the peer; waits as long as the call to which it belongs may.
  private record RemoteConsumer(CallSession call, long id, Codec codec, ClassLoader exceptions)
      implements Consumer<Object> {
    @Override
    public void accept(Object value) {
      CallSession session = call.link().session();
      byte[] bytes = codec.encode(List.of(value), session);
      call.link()
          .call(
              "callback",
              new Link.Target(id, 0, CallChain.current()),
              bytes,
              call.waiting(),
              session)
          .await(exceptions);
    }
  }

  /// The iterators of this process that were given to a call. What one call takes another does not
  /// get, so that each goes to one call: not to several actors, and not to a call that is retried.
  /// Thread-safe.
  static final class GivenOnce {
    static final GivenOnce HERE = new GivenOnce();

    private final Set<Key> given = new HashSet<>();
    private final ReferenceQueue<Iterator<?>> dropped = new ReferenceQueue<>();

    /// The identity of an iterator, not its `equals`.
    private static final class Key extends WeakReference<Iterator<?>> {
      private final int hash;

      Key(Iterator<?> iterator, ReferenceQueue<Iterator<?>> dropped) {
        super(iterator, dropped);
        hash = System.identityHashCode(iterator);
      }

      @Override
      public int hashCode() {
        return hash;
      }

      @Override
      @SuppressWarnings("ReferenceEquality") // identity is meant
      public boolean equals(@Nullable Object other) {
        return this == other
            || (other instanceof Key key
                && key.hash == hash
                && get() != null
                && get() == key.get());
      }
    }

    /// @throws IllegalArgumentException if it was given to another call
    synchronized void give(Iterator<?> iterator) {
      forget();
      if (!given.add(new Key(iterator, dropped))) {
        throw new IllegalArgumentException(
            "an iterator is given to one call of one actor, as what one takes another does not get: iterator=%s; make one for each call, or pass a list"
                .formatted(iterator.getClass().getName()));
      }
    }

    /// Nothing was taken of it.
    synchronized void takeBack(Iterator<?> iterator) {
      given.remove(new Key(iterator, dropped));
    }

    private void forget() {
      for (Reference<?> key = dropped.poll(); key != null; key = dropped.poll()) {
        given.remove(key);
      }
    }
  }
}
