package dev.burnish.service;

import dev.burnish.actor.ActorRef;
import dev.burnish.actor.ActorSystem;
import dev.burnish.actor.HandleProvider;
import dev.burnish.service.routing.Balancing;
import dev.burnish.service.routing.Queueing;
import dev.burnish.wire.Codecs;
import dev.burnish.wire.Handle;
import dev.burnish.wire.HandleKind;
import dev.burnish.wire.Session;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/// Services as arguments and results: an owner travels as the handle that the endpoint declares. A
/// receiver calls its replicas directly; all handles of one service that a process receives are the
/// same object.
public final class ServiceKind implements HandleKind {
  /// Makes it known to every process.
  public static final class Provider implements HandleProvider {
    @Override
    public HandleKind of(Supplier<ActorSystem> here) {
      return new ServiceKind(here);
    }
  }

  /// @param directory the actor that tells its replicas
  record ServiceForm(
      String name,
      ActorRef directory,
      Queueing queueing,
      Balancing balancing,
      long timeoutMillis,
      int retries) {
    Duration timeout() {
      return Duration.ofMillis(timeoutMillis);
    }
  }

  private final Supplier<ActorSystem> here;
  private final Map<ActorRef, Service<?>> known = new ConcurrentHashMap<>();

  ServiceKind(Supplier<ActorSystem> here) {
    this.here = here;
  }

  @Override
  public Optional<Handle<?, ?>> bind(Type declared, Codecs codecs) {
    Type raw = declared instanceof ParameterizedType generic ? generic.getRawType() : declared;
    if (raw == OwnedService.class) {
      throw new IllegalArgumentException(
          "the owner of a service stays where it is: type=%s; declare Service<Counter>, which an owner can be passed as"
              .formatted(declared.getTypeName()));
    }
    return raw == Service.class
        ? Optional.of(new Services<>(interfaceOf(declared)))
        : Optional.empty();
  }

  private static Class<?> interfaceOf(Type declared) {
    if (declared instanceof ParameterizedType generic
        && generic.getActualTypeArguments()[0] instanceof Class<?> type
        && type.isInterface()) {
      return type;
    }
    throw new IllegalArgumentException(
        "a service must be declared with the interface of its actors to travel: type=%s; declare Service<Counter>"
            .formatted(declared.getTypeName()));
  }

  private final class Services<T> implements Handle<Service<T>, ServiceForm> {
    private final Class<T> type;

    Services(Class<T> type) {
      this.type = type;
    }

    @Override
    public Class<ServiceForm> form() {
      return ServiceForm.class;
    }

    @Override
    public ServiceForm export(Service<T> value, Session session) {
      ServiceForm form = value.client().membership().form();
      if (form.directory().process().equals(here.get().self())) {
        known.putIfAbsent(form.directory(), value.withoutOwner());
      }
      return form;
    }

    @Override
    @SuppressWarnings("unchecked") // both sides declare the same interface
    public Service<T> restore(ServiceForm form, Session session) {
      return (Service<T>)
          known.computeIfAbsent(
              form.directory(),
              directory -> Service.watch(here.get(), type, form, () -> known.remove(directory)));
    }
  }
}
