package dev.burnish.service;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Proxy;
import org.jspecify.annotations.Nullable;

/// The implementation of an interface that a service gives out: endpoints become calls, all other
/// methods are answered here.
record RoutedStub(String name, Call call) implements InvocationHandler {
  /// Makes a call.
  @FunctionalInterface
  interface Call {
    /// Calls an endpoint.
    @Nullable Object apply(Method method, Object @Nullable [] arguments) throws Throwable;
  }

  /// @param name for messages
  static <T> T of(Class<T> type, String name, Call call) {
    return type.cast(
        Proxy.newProxyInstance(
            type.getClassLoader(), new Class<?>[] {type}, new RoutedStub(name, call)));
  }

  @Override
  @SuppressWarnings("ReferenceEquality") // stubs are equal if they are the same
  public @Nullable Object invoke(Object proxy, Method method, Object @Nullable [] arguments)
      throws Throwable {
    if (method.getDeclaringClass() == Object.class) {
      return switch (method.getName()) {
        case "toString" -> "stub of " + name;
        case "hashCode" -> System.identityHashCode(proxy);
        default -> arguments != null && proxy == arguments[0];
      };
    }
    if (Modifier.isAbstract(method.getModifiers())) {
      return call.apply(method, arguments);
    }
    return arguments == null
        ? InvocationHandler.invokeDefault(proxy, method)
        : InvocationHandler.invokeDefault(proxy, method, arguments);
  }
}
