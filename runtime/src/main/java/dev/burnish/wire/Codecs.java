package dev.burnish.wire;

import java.lang.reflect.GenericArrayType;
import java.lang.reflect.Method;
import java.lang.reflect.Parameter;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.lang.reflect.TypeVariable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Makes codecs of declared types, and refuses types that do not travel.
///
/// Types that travel: primitives and their boxes, String, enums, records, sealed interfaces of
/// these, arrays, List, Map and Optional of these, and the types of the handle kinds. A type is
/// known to the codec from its declaration alone: nothing in the bytes names a class.
///
/// Thread-safe.
public final class Codecs {
  private final List<HandleKind> kinds;
  private final Limits limits;
  private final Map<Type, Form<Object>> forms = new HashMap<>();

  /// @param kinds asked in this order, before everything else
  public Codecs(List<HandleKind> kinds, Limits limits) {
    this.kinds = List.copyOf(kinds);
    this.limits = limits;
  }

  /// The limits of all codecs made by this.
  public Limits limits() {
    return limits;
  }

  /// The codec of one value or several.
  ///
  /// @throws IllegalArgumentException if a type does not travel
  public Codec of(Type... types) {
    List<Form<Object>> bound = new ArrayList<>(types.length);
    for (Type type : types) {
      bound.add(checked(type));
    }
    return new Codec(bound, limits);
  }

  /// The codec of a method's arguments.
  ///
  /// @throws IllegalArgumentException if a parameter's type does not travel; it names the method,
  ///   the parameter, the type and the remedy
  public Codec arguments(Method method) {
    return parameters(
        method.getDeclaringClass().getSimpleName() + "." + method.getName(),
        method.getParameters());
  }

  /// The codec of the parameters of an executable that is named `owner` in errors.
  ///
  /// @throws IllegalArgumentException as [#arguments(Method)]
  public Codec parameters(String owner, Parameter... parameters) {
    List<Form<Object>> bound = new ArrayList<>(parameters.length);
    for (Parameter parameter : parameters) {
      bound.add(
          named(owner + ", parameter " + parameter.getName(), parameter.getParameterizedType()));
    }
    return new Codec(bound, limits);
  }

  /// The codec of a method's result: of one value, or of none for void.
  ///
  /// @throws IllegalArgumentException if the result's type does not travel
  public Codec result(Method method) {
    if (method.getReturnType() == void.class) {
      return new Codec(List.of(), limits);
    }
    String owner = method.getDeclaringClass().getSimpleName() + "." + method.getName();
    return new Codec(List.of(named(owner + ", result", method.getGenericReturnType())), limits);
  }

  private Form<Object> named(String place, Type type) {
    try {
      return checked(type);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(place + ": " + e.getMessage(), e);
    }
  }

  /// Forms are kept only when a whole type is known to travel.
  private synchronized Form<Object> checked(Type type) {
    Form<Object> known = forms.get(type);
    if (known != null) {
      return known;
    }
    Map<Type, Form<Object>> added = new HashMap<>(forms);
    Form<Object> form = new Builder(added).form(type, Map.of());
    forms.putAll(added);
    return form;
  }

  /// Binds a type and all types within it.
  private final class Builder {
    private final Map<Type, Form<Object>> known;

    Builder(Map<Type, Form<Object>> known) {
      this.known = known;
    }

    private Form<Object> form(Type declared, Map<TypeVariable<?>, Type> variables) {
      Type type = Types.resolve(declared, variables);
      Form<Object> existing = known.get(type);
      if (existing != null) {
        return existing;
      }
      Form<Object> made = erased(make(type));
      known.putIfAbsent(type, made);
      return made;
    }

    private Form<?> make(Type type) {
      for (HandleKind kind : kinds) {
        Optional<Handle<?, ?>> handle = kind.bind(type, Codecs.this);
        if (handle.isPresent()) {
          return handle(handle.get());
        }
      }
      return switch (type) {
        case Class<?> raw -> raw(raw);
        case ParameterizedType generic -> generic(generic);
        case GenericArrayType array -> {
          Type element = array.getGenericComponentType();
          yield new ArrayForms.Objects(Types.raw(element), form(element, Map.of()));
        }
        default -> throw Types.refused(type);
      };
    }

    private <H, R extends Record> Form<?> handle(Handle<H, R> handle) {
      @SuppressWarnings("unchecked") // the form of a class reads and writes instances of it
      Form<R> form = (Form<R>) (Form<?>) form(handle.form(), Map.of());
      return new HandleForm<>(handle, form);
    }

    private Form<?> raw(Class<?> type) {
      Optional<Form<?>> scalar = ScalarForms.of(type);
      if (scalar.isPresent()) {
        return scalar.get();
      }
      if (type.isArray()) {
        Class<?> element = type.getComponentType();
        return element.isPrimitive()
            ? ArrayForms.primitive(type)
            : new ArrayForms.Objects(element, form(element, Map.of()));
      }
      if (type.getTypeParameters().length > 0) {
        throw Types.refused(type);
      }
      return declared(type, type, Map.of());
    }

    private Form<?> generic(ParameterizedType type) {
      Class<?> raw = Types.raw(type);
      Type[] arguments = type.getActualTypeArguments();
      if (raw == List.class) {
        return new ContainerForms.Lists(form(arguments[0], Map.of()));
      }
      if (raw == Optional.class) {
        return new ContainerForms.Optionals(form(arguments[0], Map.of()));
      }
      if (raw == Map.class) {
        return new ContainerForms.Maps(form(arguments[0], Map.of()), form(arguments[1], Map.of()));
      }
      return declared(type, raw, Types.variables(type));
    }

    private Form<?> declared(Type type, Class<?> raw, Map<TypeVariable<?>, Type> variables) {
      if (raw.isRecord()) {
        RecordForm form = new RecordForm(raw);
        known.put(type, erased(form));
        List<Form<Object>> components = new ArrayList<>();
        for (RecordComponent component : raw.getRecordComponents()) {
          components.add(component(raw, component, variables));
        }
        form.bind(components);
        return form;
      }
      if (raw.isInterface() && raw.isSealed()) {
        SealedForm form = new SealedForm(raw);
        known.put(type, erased(form));
        leaves(raw, form);
        return form;
      }
      throw Types.refused(type);
    }

    private Form<Object> component(
        Class<?> raw, RecordComponent component, Map<TypeVariable<?>, Type> variables) {
      try {
        return form(component.getGenericType(), variables);
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException(
            "%s.%s: %s".formatted(raw.getSimpleName(), component.getName(), e.getMessage()), e);
      }
    }

    private void leaves(Class<?> raw, SealedForm form) {
      for (Class<?> permitted : Arrays.asList(raw.getPermittedSubclasses())) {
        if (permitted.isSealed() && permitted.isInterface()) {
          leaves(permitted, form);
        } else {
          form.add(permitted, form(permitted, Map.of()));
        }
      }
    }

    @SuppressWarnings("unchecked") // a form is only given values of its type
    private static Form<Object> erased(Form<?> form) {
      return (Form<Object>) form;
    }
  }
}
