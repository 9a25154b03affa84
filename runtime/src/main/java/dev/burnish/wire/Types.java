package dev.burnish.wire;

import java.lang.reflect.GenericArrayType;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.lang.reflect.TypeVariable;
import java.lang.reflect.WildcardType;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Properties of types, by reflection.
final class Types {
  private Types() {}

  static IllegalArgumentException refused(Type type) {
    return new IllegalArgumentException(
        "values of this type do not travel: type=%s; use a primitive, String, enum, record, sealed interface of records, array, List, Map or Optional of these, a Region or a mesh"
            .formatted(type.getTypeName()));
  }

  static Class<?> raw(Type type) {
    return switch (type) {
      case Class<?> raw -> raw;
      case ParameterizedType generic -> raw(generic.getRawType());
      case GenericArrayType array -> raw(array.getGenericComponentType()).arrayType();
      default -> throw refused(type);
    };
  }

  static Map<TypeVariable<?>, Type> variables(ParameterizedType type) {
    TypeVariable<?>[] names = raw(type).getTypeParameters();
    Map<TypeVariable<?>, Type> variables = new HashMap<>();
    for (int i = 0; i < names.length; i++) {
      variables.put(names[i], type.getActualTypeArguments()[i]);
    }
    return variables;
  }

  /// The type with its variables replaced; a wildcard is its bound: of `? super T`, T.
  static Type resolve(Type type, Map<TypeVariable<?>, Type> variables) {
    return switch (type) {
      case TypeVariable<?> variable -> {
        Type value = variables.get(variable);
        if (value == null) {
          throw refused(type);
        }
        yield value;
      }
      case WildcardType wildcard -> resolve(bound(wildcard), variables);
      case GenericArrayType array -> arrayOf(resolve(array.getGenericComponentType(), variables));
      case ParameterizedType generic ->
          new Parameterized(
              raw(generic),
              Arrays.stream(generic.getActualTypeArguments())
                  .map(argument -> resolve(argument, variables))
                  .toList());
      default -> type;
    };
  }

  private static Type bound(WildcardType wildcard) {
    Type[] lower = wildcard.getLowerBounds();
    return lower.length == 1 ? lower[0] : wildcard.getUpperBounds()[0];
  }

  private static Type arrayOf(Type element) {
    return element instanceof Class<?> raw ? raw.arrayType() : new ArrayOf(element);
  }

  private record Parameterized(Class<?> raw, List<Type> arguments) implements ParameterizedType {
    @Override
    public Type[] getActualTypeArguments() {
      return arguments.toArray(Type[]::new);
    }

    @Override
    public Type getRawType() {
      return raw;
    }

    @Override
    @SuppressWarnings("NullAway") // no owner, as for any top-level type
    public Type getOwnerType() {
      return null;
    }

    @Override
    public String toString() {
      return raw.getName() + arguments;
    }
  }

  private record ArrayOf(Type element) implements GenericArrayType {
    @Override
    public Type getGenericComponentType() {
      return element;
    }

    @Override
    public String toString() {
      return element.getTypeName() + "[]";
    }
  }
}
