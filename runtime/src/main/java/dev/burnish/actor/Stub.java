package dev.burnish.actor;

import dev.burnish.actor.Endpoints.Endpoint;
import dev.burnish.link.CallChain;
import dev.burnish.link.CallSession;
import dev.burnish.link.Deadline;
import dev.burnish.link.Link;
import dev.burnish.link.OpenCall;
import dev.burnish.link.SendWindow;
import dev.burnish.link.failure.ReplicaLost;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Method;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/// The implementation of an actor's interface on the caller's side: arguments are encoded, the call
/// is sent, and the caller waits.
public final class Stub implements InvocationHandler {
  /// The actor that a call goes to.
  public interface Target {
    /// Where to send the next call.
    ///
    /// @throws dev.burnish.link.failure.ReplicaLost if the actor is gone
    ActorRef ref();

    /// The same, until a deadline.
    ///
    /// @throws dev.burnish.link.failure.CallTimedOut if the actor has no process by then
    default ActorRef ref(Deadline deadline) {
      return ref();
    }

    /// For messages, such as `counters[1]`.
    String name();

    /// Keeps a sender that does not wait from getting ahead of the actor; empty where that is not
    /// wanted.
    default Optional<SendWindow> window() {
      return Optional.empty();
    }

    /// Called when a call found the actor gone from a process.
    default void lost(ActorRef from) {}

    /// An actor that does not move.
    static Target of(String name, ActorRef ref) {
      return new Target() {
        @Override
        public ActorRef ref() {
          return ref;
        }

        @Override
        public String name() {
          return name;
        }
      };
    }
  }

  /// Whether the caller waits.
  enum Mode {
    CALL,
    CAST
  }

  private static final byte[] NO_CONTEXT = {};

  private final ActorSystem system;
  private final Endpoints endpoints;
  private final Target target;
  private final Duration timeout;
  private final Mode mode;
  private final AtomicReferenceArray<@Nullable String> names;

  Stub(ActorSystem system, Endpoints endpoints, Target target, Duration timeout, Mode mode) {
    this.system = system;
    this.endpoints = endpoints;
    this.target = target;
    this.timeout = timeout;
    this.mode = mode;
    this.names = new AtomicReferenceArray<>(endpoints.size());
  }

  /// Which call, for messages, such as `counters[1].add`.
  private String what(Endpoint endpoint) {
    String made = names.get(endpoint.number());
    if (made == null) {
      made = target.name() + "." + endpoint.method().getName();
      names.set(endpoint.number(), made);
    }
    return made;
  }

  @Override
  public @Nullable Object invoke(Object proxy, Method method, Object @Nullable [] arguments)
      throws Throwable {
    Endpoint endpoint = endpoints.find(method).orElse(null);
    if (endpoint == null) {
      return local(proxy, method, arguments);
    }
    Deadline deadline = Deadline.in(system.clock(), timeout);
    ActorRef ref = target.ref(deadline);
    try {
      return invoke(endpoint, arguments, ref, deadline);
    } catch (ReplicaLost e) {
      target.lost(ref);
      throw e;
    }
  }

  private @Nullable Object invoke(
      Endpoint endpoint, Object @Nullable [] arguments, ActorRef ref, Deadline deadline)
      throws Throwable {
    String what = what(endpoint);
    Optional<Tracing> tracing = system.tracing(ref.number());
    if (tracing.isEmpty()) {
      return new Sending(endpoint, ref, what, deadline).send(arguments, NO_CONTEXT);
    }
    try (Tracing.Outgoing part = tracing.get().call(what)) {
      try {
        return new Sending(endpoint, ref, what, deadline).send(arguments, part.context());
      } catch (Throwable e) {
        part.failed(e);
        throw e;
      }
    }
  }

  /// One call on its way.
  private final class Sending {
    private final Endpoint endpoint;
    private final ActorRef ref;
    private final String what;
    private final Deadline deadline;

    Sending(Endpoint endpoint, ActorRef ref, String what, Deadline deadline) {
      this.endpoint = endpoint;
      this.ref = ref;
      this.what = what;
      this.deadline = deadline;
    }

    /// @param context before the encoded arguments
    @Nullable Object send(Object @Nullable [] arguments, byte[] context) throws Throwable {
      Method method = endpoint.method();
      Link link = system.switchboard().link(ref.process(), deadline);
      CallSession session =
          mode == Mode.CAST ? link.broadcastSession(deadline) : link.session(deadline);
      byte[] encoded = after(context, encode(endpoint, arguments, session));
      if (mode == Mode.CAST) {
        Link.Target told = new Link.Target(ref.number(), endpoint.number());
        link.cast(what, told, encoded, deadline, session);
        target
            .window()
            .ifPresent(window ->
                window.sent(
                    ref,
                    encoded.length,
                    () -> system.remote().reached(link, ref.number(), what, timeout),
                    system.loader()));
        return nothing(method);
      }
      Link.Target called = new Link.Target(ref.number(), endpoint.number(), CallChain.current());
      OpenCall call = link.call(what, called, encoded, deadline, session);
      if (method.getReturnType() == void.class) {
        call.await(system.loader(), method);
        return null;
      }
      return call.await(endpoint.result(), timeout, system.loader(), method);
    }
  }

  private static byte[] after(byte[] context, byte[] arguments) {
    if (context.length == 0) {
      return arguments;
    }
    byte[] both = Arrays.copyOf(context, context.length + arguments.length);
    System.arraycopy(arguments, 0, both, context.length, arguments.length);
    return both;
  }

  private byte[] encode(Endpoint endpoint, Object @Nullable [] arguments, CallSession session) {
    try {
      List<Object> values = arguments == null ? List.of() : Arrays.asList(arguments);
      return endpoint.arguments().encode(values, session);
    } catch (IllegalArgumentException e) {
      session.release();
      throw new IllegalArgumentException(endpoint.name() + ": " + e.getMessage(), e);
    }
  }

  /// The result for the caller of a broadcast: a value without meaning.
  private static @Nullable Object nothing(Method method) {
    Class<?> type = method.getReturnType();
    if (type == void.class || !type.isPrimitive()) {
      return null;
    }
    return java.lang.reflect.Array.get(java.lang.reflect.Array.newInstance(type, 1), 0);
  }

  @SuppressWarnings("ReferenceEquality") // stubs are equal if they are the same
  private @Nullable Object local(Object proxy, Method method, Object @Nullable [] arguments)
      throws Throwable {
    return switch (method.getName()) {
      case "toString" -> "stub of " + target.name();
      case "hashCode" -> System.identityHashCode(proxy);
      case "equals" -> arguments != null && proxy == arguments[0];
      default ->
          arguments == null
              ? InvocationHandler.invokeDefault(proxy, method)
              : InvocationHandler.invokeDefault(proxy, method, arguments);
    };
  }
}
