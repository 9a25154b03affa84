package dev.burnish.service;

import dev.burnish.actor.Idempotent;
import java.lang.reflect.GenericArrayType;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Parameter;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.lang.reflect.WildcardType;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Iterator;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;

/// Arguments that are used up by a call, alone or inside of others: the elements of an iterator do
/// not come again, and the effects of a callback remain. A call with such arguments is made once,
/// at one actor.
final class SingleUse {
  private SingleUse() {}

  /// Checks that no endpoint whose calls are made more than once takes such an argument.
  ///
  /// @param procs of a replica, all of which are called
  /// @throws IllegalArgumentException if one does; it names the method, the parameter and the
  ///   remedy
  static void check(Class<?> type, int procs) {
    Stream.of(type.getMethods())
        .filter(method -> Modifier.isAbstract(method.getModifiers()))
        .filter(method -> procs > 1 || method.isAnnotationPresent(Idempotent.class))
        .forEach(method -> check(method, procs));
  }

  private static void check(Method method, int procs) {
    for (Parameter parameter : method.getParameters()) {
      if (isIn(parameter.getParameterizedType(), new HashSet<>())) {
        throw new IllegalArgumentException(
            "%s must take nothing that is used up by a call: method=%s.%s parameter=%s; pass a list or an array, or %s"
                .formatted(
                    procs > 1
                        ? "an endpoint that all processes of a replica are called at"
                        : "an endpoint that may run twice for one call",
                    method.getDeclaringClass().getSimpleName(),
                    method.getName(),
                    parameter.getParameterizedType().getTypeName(),
                    procs > 1 ? "have one process per replica" : "leave @Idempotent out"));
      }
    }
  }

  private static boolean isIn(Type type, Set<Type> seen) {
    if (!seen.add(type)) {
      return false;
    }
    return switch (type) {
      case Class<?> plain -> isInClass(plain, seen);
      case ParameterizedType generic ->
          isIn(generic.getRawType(), seen) || isInAny(generic.getActualTypeArguments(), seen);
      case GenericArrayType array -> isIn(array.getGenericComponentType(), seen);
      case WildcardType wildcard -> isInAny(wildcard.getUpperBounds(), seen);
      default -> false;
    };
  }

  private static boolean isInAny(Type[] types, Set<Type> seen) {
    return Arrays.stream(types).anyMatch(type -> isIn(type, seen));
  }

  private static boolean isInClass(Class<?> type, Set<Type> seen) {
    if (type == Iterator.class || type == Consumer.class) {
      return true;
    }
    if (type.isArray()) {
      return isIn(type.getComponentType(), seen);
    }
    if (type.isRecord()) {
      return Stream.of(type.getRecordComponents())
          .map(RecordComponent::getGenericType)
          .anyMatch(component -> isIn(component, seen));
    }
    return type.isSealed() && isInAny(type.getPermittedSubclasses(), seen);
  }
}
