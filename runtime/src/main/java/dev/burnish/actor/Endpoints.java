package dev.burnish.actor;

import dev.burnish.concurrent.Invocation;
import dev.burnish.wire.Codec;
import dev.burnish.wire.Codecs;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/// The endpoints of an actor: the methods of its interface, with the codecs of their arguments and
/// results. Both sides number them in the same order.
final class Endpoints {
  /// @param call of the method on an actor
  /// @param concurrent whether calls run concurrently with others
  record Endpoint(
      int number,
      Method method,
      Invocation call,
      Codec arguments,
      Codec result,
      boolean concurrent) {
    String name() {
      return method.getDeclaringClass().getSimpleName() + "." + method.getName();
    }
  }

  private final List<Optional<Endpoint>> byNumber;
  private final Map<Method, Optional<Endpoint>> byMethod;
  private final String signature;

  private Endpoints(List<Endpoint> endpoints) {
    this.byNumber = endpoints.stream().map(Optional::of).toList();
    this.byMethod = new HashMap<>();
    byNumber.forEach(endpoint -> byMethod.put(endpoint.orElseThrow().method(), endpoint));
    this.signature =
        endpoints.stream()
            .map(endpoint -> endpoint.method().toGenericString())
            .collect(Collectors.joining("\n"));
  }

  /// Binds every method.
  ///
  /// @throws IllegalArgumentException if the type is not an interface, or a parameter or result
  ///   does not travel; it names the method, the type and the remedy
  static Endpoints of(Class<?> type, Codecs codecs) {
    if (!type.isInterface()) {
      throw new IllegalArgumentException(
          "an actor is known by an interface: type=%s; declare its endpoints in one"
              .formatted(type.getName()));
    }
    List<Method> methods =
        Arrays.stream(type.getMethods())
            .filter(method -> Modifier.isAbstract(method.getModifiers()))
            .sorted(Comparator.comparing(Method::toGenericString))
            .toList();
    List<Endpoint> endpoints = new ArrayList<>();
    for (Method method : methods) {
      method.setAccessible(true);
      endpoints.add(
          new Endpoint(
              endpoints.size(),
              method,
              new Invocation(method),
              codecs.arguments(method),
              codecs.result(method),
              method.isAnnotationPresent(Concurrent.class)));
    }
    return new Endpoints(endpoints);
  }

  int size() {
    return byNumber.size();
  }

  Optional<Endpoint> find(int number) {
    return number >= 0 && number < byNumber.size() ? byNumber.get(number) : Optional.empty();
  }

  Optional<Endpoint> find(Method method) {
    return byMethod.getOrDefault(method, Optional.empty());
  }

  /// A text that is equal only for interfaces with equal endpoints.
  String signature() {
    return signature;
  }
}
