package dev.burnish.tools;

import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.Constructor;
import java.lang.reflect.Method;
import java.lang.reflect.Parameter;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/// The types of arguments that Java types are.
///
/// @param method whose types they are, for messages
/// @param open records that are being read, the outermost first
record ArgumentTypes(Method method, List<Class<?>> open) {
  private static final Set<Class<?>> RESULTS = Set.of(void.class, Void.class);

  /// The parameters of a method; its result is checked too.
  ///
  /// @throws IllegalArgumentException if a type is not supported
  static ArgumentType.Fields parameters(Method method) {
    ArgumentTypes types = new ArgumentTypes(method, List.of());
    if (!RESULTS.contains(method.getReturnType())) {
      types.of(method.getGenericReturnType());
    }
    return new ArgumentType.Fields(
        Arrays.stream(method.getParameters()).map(types::parameter).toList());
  }

  private ArgumentType.Field parameter(Parameter parameter) {
    Optional<String> given = name(parameter);
    if (given.isEmpty() && !parameter.isNamePresent()) {
      throw new IllegalArgumentException(
          "the parameters of a tool must have names: method=%s; compile with -parameters, or name them by @Description(name = ...)"
              .formatted(method.toGenericString()));
    }
    return new ArgumentType.Field(
        given.orElseGet(parameter::getName),
        description(parameter),
        of(parameter.getParameterizedType()));
  }

  private static Optional<String> name(AnnotatedElement element) {
    return Optional.ofNullable(element.getAnnotation(Description.class))
        .map(Description::name)
        .filter(name -> !name.isEmpty());
  }

  private static String description(AnnotatedElement element) {
    return Optional.ofNullable(element.getAnnotation(Description.class))
        .map(Description::value)
        .orElse("");
  }

  private ArgumentType of(Type type) {
    return switch (type) {
      case Class<?> plain -> plain(plain);
      case ParameterizedType generic -> generic(generic);
      default -> throw unsupported(type);
    };
  }

  private ArgumentType plain(Class<?> type) {
    if (type == String.class) {
      return new ArgumentType.Text();
    }
    if (type.isEnum()) {
      Map<String, Object> constants = new LinkedHashMap<>();
      for (Object constant : type.getEnumConstants()) {
        constants.put(((Enum<?>) constant).name(), constant);
      }
      return new ArgumentType.Choice(constants);
    }
    if (type.isRecord()) {
      return structure(type);
    }
    return primitive(type).orElseThrow(() -> unsupported(type));
  }

  private static Optional<ArgumentType> primitive(Class<?> type) {
    if (type == boolean.class || type == Boolean.class) {
      return Optional.of(new ArgumentType.Truth());
    }
    if (type == char.class || type == Character.class) {
      return Optional.of(new ArgumentType.Letter());
    }
    if (type == int.class || type == Integer.class) {
      return whole(Integer.class, Integer.MIN_VALUE, Integer.MAX_VALUE);
    }
    if (type == long.class || type == Long.class) {
      return whole(Long.class, Long.MIN_VALUE, Long.MAX_VALUE);
    }
    if (type == short.class || type == Short.class) {
      return whole(Short.class, Short.MIN_VALUE, Short.MAX_VALUE);
    }
    if (type == byte.class || type == Byte.class) {
      return whole(Byte.class, Byte.MIN_VALUE, Byte.MAX_VALUE);
    }
    if (type == float.class || type == Float.class) {
      return Optional.of(new ArgumentType.Real(Float.class));
    }
    return type == double.class || type == Double.class
        ? Optional.of(new ArgumentType.Real(Double.class))
        : Optional.empty();
  }

  private static Optional<ArgumentType> whole(Class<?> type, long least, long most) {
    return Optional.of(new ArgumentType.Whole(type, least, most));
  }

  private ArgumentType generic(ParameterizedType type) {
    Type[] of = type.getActualTypeArguments();
    if (type.getRawType() == List.class) {
      return new ArgumentType.Items(element(of[0]));
    }
    if (type.getRawType() == Map.class && of[0] == String.class) {
      return new ArgumentType.Entries(element(of[1]));
    }
    if (type.getRawType() == Optional.class) {
      return new ArgumentType.Maybe(element(of[0]));
    }
    throw unsupported(type);
  }

  /// A type within another one, where nothing can be left out.
  private ArgumentType element(Type type) {
    ArgumentType element = of(type);
    if (element.isOptional()) {
      throw unsupported(type);
    }
    return element;
  }

  private ArgumentType structure(Class<?> type) {
    if (open.contains(type)) {
      throw new IllegalArgumentException(
          "a record in a tool must not hold itself: method=%s type=%s; pass a List of parts"
              .formatted(method.toGenericString(), type.getTypeName()));
    }
    ArgumentTypes within =
        new ArgumentTypes(method, Stream.concat(open.stream(), Stream.of(type)).toList());
    List<ArgumentType.Field> fields = new ArrayList<>();
    for (RecordComponent component : type.getRecordComponents()) {
      fields.add(
          new ArgumentType.Field(
              name(component).orElseGet(component::getName),
              description(component),
              within.of(component.getGenericType())));
    }
    return new ArgumentType.Structure(new ArgumentType.Fields(fields), constructor(type));
  }

  private static Constructor<?> constructor(Class<?> type) {
    Class<?>[] types =
        Arrays.stream(type.getRecordComponents())
            .map(RecordComponent::getType)
            .toArray(Class<?>[]::new);
    try {
      Constructor<?> constructor = type.getDeclaredConstructor(types);
      constructor.setAccessible(true);
      return constructor;
    } catch (NoSuchMethodException e) {
      throw new IllegalStateException("a record must have its canonical constructor", e);
    }
  }

  private IllegalArgumentException unsupported(Type type) {
    return new IllegalArgumentException(
        "a tool must take and give primitives, String, enums, records of these, List, Map by String or Optional of these:"
            + " method=%s type=%s; use one of them"
                .formatted(method.toGenericString(), type.getTypeName()));
  }
}
