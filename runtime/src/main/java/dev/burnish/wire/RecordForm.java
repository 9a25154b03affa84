package dev.burnish.wire;

import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.List;

/// A record as the array of its components. Components are bound after the form exists, so that a
/// record may contain itself.
final class RecordForm implements Form<Object> {
  private final Class<?> type;
  private final Constructor<?> constructor;
  private final List<Method> accessors;
  private volatile List<Form<Object>> components = List.of();

  RecordForm(Class<?> type) {
    this.type = type;
    RecordComponent[] declared = type.getRecordComponents();
    Class<?>[] types =
        Arrays.stream(declared).map(RecordComponent::getType).toArray(Class<?>[]::new);
    try {
      constructor = type.getDeclaredConstructor(types);
    } catch (NoSuchMethodException e) {
      throw new IllegalStateException("every record has a canonical constructor: type=" + type, e);
    }
    constructor.setAccessible(true);
    accessors = Arrays.stream(declared).map(RecordComponent::getAccessor).toList();
    accessors.forEach(accessor -> accessor.setAccessible(true));
  }

  void bind(List<Form<Object>> forms) {
    components = forms;
  }

  @Override
  public void write(Object value, Encoding out) {
    Encoding deeper = out.deeper();
    List<Form<Object>> forms = components;
    out.cbor().head(CborWriter.ARRAY, forms.size());
    for (int i = 0; i < forms.size(); i++) {
      Method accessor = accessors.get(i);
      Object component = invoke(accessor, value);
      if (component == null) {
        throw new IllegalArgumentException(
            "a value that travels is not null: component=%s.%s; make it an Optional"
                .formatted(type.getName(), accessor.getName()));
      }
      forms.get(i).write(component, deeper);
    }
  }

  @Override
  public Object read(Decoding in) {
    Decoding deeper = in.deeper();
    List<Form<Object>> forms = components;
    in.cbor().array(forms.size());
    Object[] values = new Object[forms.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = forms.get(i).read(deeper);
    }
    try {
      return constructor.newInstance(values);
    } catch (InvocationTargetException e) {
      throw new WireException("a %s is valid: %s".formatted(type.getName(), e.getCause()), e);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("cannot construct a " + type.getName(), e);
    }
  }

  private static Object invoke(Method accessor, Object value) {
    try {
      return accessor.invoke(value);
    } catch (InvocationTargetException e) {
      throw new IllegalArgumentException(
          "cannot read %s: %s".formatted(accessor, e.getCause()), e.getCause());
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("cannot read " + accessor, e);
    }
  }
}
