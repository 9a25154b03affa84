package dev.burnish.link.failure;

import dev.burnish.wire.Codec;
import dev.burnish.wire.Codecs;
import dev.burnish.wire.Limits;
import dev.burnish.wire.Session;
import java.lang.reflect.AccessibleObject;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// A value that exceptions of a class have in addition to message and cause, of a type that
/// travels: a field, or the value of a public getter where fields are not open, as in the JDK.
sealed interface Property {
  /// The class that declares it.
  Class<?> owner();

  /// Of the field, or `offset` of `getOffset`.
  String name();

  /// Of its values.
  Codec codec();

  /// The value of an exception.
  ///
  /// @throws ReflectiveOperationException if it cannot be read
  @Nullable Object get(Throwable of) throws ReflectiveOperationException;

  /// Sets the value of an exception; false if that is not possible.
  ///
  /// @throws ReflectiveOperationException if it cannot be set
  boolean set(Throwable of, @Nullable Object value) throws ReflectiveOperationException;

  /// A field that may be read and set.
  record Variable(Field field, Codec codec) implements Property {
    @Override
    public Class<?> owner() {
      return field.getDeclaringClass();
    }

    @Override
    public String name() {
      return field.getName();
    }

    @Override
    public @Nullable Object get(Throwable of) throws ReflectiveOperationException {
      return field.get(of);
    }

    @Override
    public boolean set(Throwable of, @Nullable Object value) throws ReflectiveOperationException {
      field.set(of, value);
      return true;
    }
  }

  /// A method that returns a value.
  record Getter(Method method, Codec codec) implements Property {
    @Override
    public Class<?> owner() {
      return method.getDeclaringClass();
    }

    @Override
    public String name() {
      String name = method.getName().substring(PREFIX.length());
      return Character.toLowerCase(name.charAt(0)) + name.substring(1);
    }

    @Override
    public @Nullable Object get(Throwable of) throws ReflectiveOperationException {
      return method.invoke(of);
    }

    @Override
    public boolean set(Throwable of, @Nullable Object value) {
      return false;
    }
  }

  String PREFIX = "get";
  Codecs CODECS = new Codecs(List.of(), Limits.defaults());
  ClassValue<List<Property>> KNOWN =
      new ClassValue<>() {
        @Override
        protected List<Property> computeValue(Class<?> type) {
          return find(type);
        }
      };

  /// The properties of exceptions of a class, those of its superclasses last.
  static List<Property> of(Class<?> type) {
    return KNOWN.get(type);
  }

  /// The values of an exception, except those that cannot be read or take more bytes.
  static List<Description.Value> values(Throwable thrown, int most) {
    List<Description.Value> values = new ArrayList<>();
    for (Property property : of(thrown.getClass())) {
      property.encoded(thrown).filter(v -> size(v) <= most).ifPresent(values::add);
    }
    return values;
  }

  private static int size(Description.Value value) {
    return value.encoded().map(bytes -> bytes.length).orElse(0);
  }

  private Optional<Description.Value> encoded(Throwable thrown) {
    try {
      Optional<byte[]> encoded =
          Optional.ofNullable(get(thrown))
              .map(value -> codec().encode(List.of(value), Session.NONE));
      return Optional.of(new Description.Value(owner().getName(), name(), encoded));
    } catch (ReflectiveOperationException | RuntimeException e) {
      return Optional.empty();
    }
  }

  /// Decodes an [#encoded] value; empty is null.
  ///
  /// @throws dev.burnish.wire.WireException if it is none
  default Optional<Object> decode(Description.Value value) {
    return value.encoded().map(bytes -> codec().decode(bytes, Session.NONE).getFirst());
  }

  private static List<Property> find(Class<?> type) {
    List<Property> found = new ArrayList<>();
    for (Class<?> each = type;
        each != null && Throwable.class.isAssignableFrom(each) && each != Throwable.class;
        each = each.getSuperclass()) {
      found.addAll(declared(each));
    }
    return List.copyOf(found);
  }

  private static List<Property> declared(Class<?> owner) {
    List<Field> fields =
        Arrays.stream(owner.getDeclaredFields())
            .filter(field -> !field.isSynthetic())
            .filter(field -> !Modifier.isStatic(field.getModifiers()))
            .toList();
    if (fields.stream().allMatch(AccessibleObject::trySetAccessible)) {
      return fields.stream()
          .filter(field -> !Modifier.isTransient(field.getModifiers()))
          .flatMap(field ->
              codec(field.getGenericType()).stream()
                  .<Property>map(codec -> new Variable(field, codec)))
          .toList();
    }
    return Arrays.stream(owner.getDeclaredMethods())
        .filter(Property::isGetter)
        .filter(AccessibleObject::trySetAccessible)
        .flatMap(method ->
            codec(method.getGenericReturnType()).stream()
                .<Property>map(codec -> new Getter(method, codec)))
        .toList();
  }

  private static boolean isGetter(Method method) {
    return Modifier.isPublic(method.getModifiers())
        && !Modifier.isStatic(method.getModifiers())
        && !method.isSynthetic()
        && method.getParameterCount() == 0
        && method.getReturnType() != void.class
        && method.getName().startsWith(PREFIX)
        && method.getName().length() > PREFIX.length()
        && Arrays.stream(Throwable.class.getMethods())
            .noneMatch(known -> known.getName().equals(method.getName()));
  }

  /// Empty if the type does not travel.
  private static Optional<Codec> codec(Type type) {
    try {
      return Optional.of(CODECS.of(type));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }
}
