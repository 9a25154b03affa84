package dev.burnish.link;

import dev.burnish.wire.Codec;
import dev.burnish.wire.Codecs;
import dev.burnish.wire.Handle;
import dev.burnish.wire.HandleKind;
import dev.burnish.wire.Session;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/// Streams as arguments and results: an `Iterator` whose elements the other side takes as it needs
/// them, and a `Consumer` that is called back, in order, with each value.
///
/// An argument is valid until its call ends; an iterator that is a result until it ends.
public final class StreamKind implements HandleKind {
  private static final Duration CALL_BACK = Duration.ofHours(1);

  /// What names a stream.
  record StreamForm(long id) {}

  @Override
  public Optional<Handle<?, ?>> bind(Type declared, Codecs codecs) {
    if (!(declared instanceof ParameterizedType generic)) {
      return Optional.empty();
    }
    if (generic.getRawType() == Iterator.class) {
      return Optional.of(new Iterators(codecs.of(generic.getActualTypeArguments())));
    }
    if (generic.getRawType() == Consumer.class) {
      return Optional.of(new Callbacks(codecs.of(generic.getActualTypeArguments())));
    }
    return Optional.empty();
  }

  private record Iterators(Codec codec) implements Handle<Iterator<Object>, StreamForm> {
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
      return CallSession.of(session)
          .link()
          .streams()
          .consume(form.id(), codec, Thread.currentThread().getContextClassLoader());
    }
  }

  private record Callbacks(Codec codec) implements Handle<Consumer<Object>, StreamForm> {
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
      Link link = CallSession.of(session).link();
      return value -> accept(link, form.id(), value);
    }

    private void accept(Link link, long id, Object value) {
      CallSession session = link.session();
      byte[] bytes = codec.encode(List.of(value), session);
      link.call("callback", new Link.Target(id, 0, CallChain.current()), bytes, CALL_BACK, session)
          .await(Thread.currentThread().getContextClassLoader());
    }
  }
}
