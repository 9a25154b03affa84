package dev.burnish.link.failure;

import java.lang.reflect.Constructor;
import java.lang.reflect.Modifier;
import java.lang.reflect.Parameter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Constructs an exception that matches its description.
///
/// Idea: the effect of a constructor's arguments is not known, so it is tried. Its parameters are
/// given the message, the cause and the values whose types fit, those of the same name first; the
/// result is taken only if it has the same message, cause and values. Values that are fields may be
/// set afterwards.
final class Made {
  private static final int MOST = 128;

  private final Description error;
  private final Optional<Throwable> cause;
  private final Map<Property, Optional<Object>> values = new LinkedHashMap<>();
  private int numTries;

  private Made(Description error, Optional<Throwable> cause, Class<?> type) {
    this.error = error;
    this.cause = cause;
    for (Property property : Property.of(type)) {
      error.values().stream()
          .filter(value -> value.name().equals(property.name()))
          .filter(value -> value.owner().equals(property.owner().getName()))
          .findFirst()
          .ifPresent(value -> values.put(property, property.decode(value)));
    }
  }

  /// The exception, if it can be constructed.
  ///
  /// @param cause if it is constructed already
  static Optional<Throwable> of(Description error, Optional<Throwable> cause, ClassLoader loader) {
    try {
      Class<?> type = Class.forName(error.type(), false, loader);
      if (!Throwable.class.isAssignableFrom(type)
          || Modifier.isAbstract(type.getModifiers())
          || type == EndpointFailed.class) {
        return Optional.empty();
      }
      return new Made(error, cause, type).by(type);
    } catch (ReflectiveOperationException | LinkageError | RuntimeException e) {
      return Optional.empty();
    }
  }

  private Optional<Throwable> by(Class<?> type) {
    int given = (error.message().isPresent() ? 1 : 0) + (cause.isPresent() ? 1 : 0) + values.size();
    return Arrays.stream(type.getDeclaredConstructors())
        .filter(constructor -> constructor.trySetAccessible())
        .sorted(
            Comparator.<Constructor<?>>comparingInt(c -> Math.abs(c.getParameterCount() - given))
                .thenComparingInt(Constructor::getParameterCount)
                .thenComparing(Constructor::toString))
        .flatMap(constructor -> by(constructor).stream())
        .findFirst();
  }

  private Optional<Throwable> by(Constructor<?> constructor) {
    List<List<Optional<Object>>> choices =
        Arrays.stream(constructor.getParameters()).map(this::choices).toList();
    return by(constructor, choices, new Object[choices.size()], 0);
  }

  /// Tries all candidates for the parameters from a given one on.
  private Optional<Throwable> by(
      Constructor<?> constructor,
      List<List<Optional<Object>>> choices,
      @Nullable Object[] arguments,
      int from) {
    if (from == arguments.length) {
      return numTries++ < MOST ? tried(constructor, arguments) : Optional.empty();
    }
    for (Optional<Object> choice : choices.get(from)) {
      arguments[from] = choice.orElse(null);
      Optional<Throwable> made = by(constructor, choices, arguments, from + 1);
      if (made.isPresent() || numTries >= MOST) {
        return made;
      }
    }
    return Optional.empty();
  }

  /// The candidates for a parameter; empty is null.
  private List<Optional<Object>> choices(Parameter parameter) {
    List<Optional<Object>> choices = new ArrayList<>();
    values.forEach((property, value) -> {
      if (parameter.isNamePresent() && property.name().equals(parameter.getName())) {
        choices.add(value);
      }
    });
    choices.add(error.message().map(message -> message));
    choices.add(cause.map(thrown -> thrown));
    choices.addAll(values.values());
    choices.add(Optional.empty());
    return choices.stream().filter(choice -> fits(choice, parameter.getType())).distinct().toList();
  }

  private static boolean fits(Optional<Object> value, Class<?> type) {
    Class<?> boxed = java.lang.invoke.MethodType.methodType(type).wrap().returnType();
    return value.map(boxed::isInstance).orElse(!type.isPrimitive());
  }

  private Optional<Throwable> tried(Constructor<?> constructor, @Nullable Object[] arguments) {
    try {
      Throwable made = (Throwable) constructor.newInstance(arguments);
      return isRight(made) ? Optional.of(made) : Optional.empty();
    } catch (Throwable e) {
      return Optional.empty(); // whatever anybody's constructor or getMessage does
    }
  }

  private boolean isRight(Throwable made) throws ReflectiveOperationException {
    for (Map.Entry<Property, Optional<Object>> each : values.entrySet()) {
      Object value = each.getValue().orElse(null);
      if (!Objects.deepEquals(each.getKey().get(made), value) && !each.getKey().set(made, value)) {
        return false;
      }
    }
    return Objects.equals(made.getMessage(), error.message().orElse(null)) && hasCause(made);
  }

  @SuppressWarnings("ReferenceEquality") // it is that cause
  private boolean hasCause(Throwable made) {
    if (cause.isPresent() && made.getCause() == null) {
      made.initCause(cause.get());
    }
    return made.getCause() == cause.orElse(null);
  }
}
