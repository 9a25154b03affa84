package dev.burnish.wire;

import dev.burnish.concurrent.Invocation;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// A record as the array of its components. Components are bound after the form exists, so that a
/// record may contain itself.
///
/// A type of which only a few records travel, such as most types of the handshake, is constructed
/// and read by reflection; method handles take longer to make than that, and less to use.
final class RecordForm implements Form<Object> {
  private static final int FEW = 64;

  private final Class<?> type;
  private final Constructor<?> constructor;
  private final List<Method> accessors;
  private final Invocation make;
  private final List<Invocation> get;
  private volatile List<Form<Object>> components = List.of();

  /// Number of records that travelled, approximate: threads may overwrite each other's counts.
  private volatile int numRecords;

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
    make = new Invocation(constructor);
    get = accessors.stream().map(Invocation::new).toList();
  }

  void bind(List<Form<Object>> forms) {
    components = forms;
  }

  @Override
  public void write(Object value, Encoding out) {
    Encoding deeper = out.deeper();
    List<Form<Object>> forms = components;
    boolean isOneOfFew = isOneOfFew();
    out.cbor().head(CborWriter.ARRAY, forms.size());
    for (int i = 0; i < forms.size(); i++) {
      Object component = component(i, value, isOneOfFew);
      if (component == null) {
        throw new IllegalArgumentException(
            "a value that travels is not null: component=%s.%s; make it an Optional"
                .formatted(type.getName(), accessors.get(i).getName()));
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
    return make(values, isOneOfFew());
  }

  @SuppressWarnings("NonAtomicOperationOnVolatileField") // see there
  private boolean isOneOfFew() {
    int travelled = numRecords;
    if (travelled >= FEW) {
      return false;
    }
    numRecords = travelled + 1;
    return true;
  }

  private Object make(Object[] values, boolean isOneOfFew) {
    try {
      Object made = isOneOfFew ? constructor.newInstance(values) : make.call(values);
      return Objects.requireNonNull(made);
    } catch (InvocationTargetException e) {
      throw refused(e.getCause() == null ? e : e.getCause());
    } catch (InstantiationException | IllegalAccessException e) {
      throw new IllegalStateException("cannot construct a " + type.getName(), e);
    } catch (Throwable t) {
      throw refused(t);
    }
  }

  private WireException refused(Throwable cause) {
    return new WireException("a %s is valid: %s".formatted(type.getName(), cause), cause);
  }

  private @Nullable Object component(int index, Object value, boolean isOneOfFew) {
    try {
      return isOneOfFew ? accessors.get(index).invoke(value) : get.get(index).call(value);
    } catch (InvocationTargetException e) {
      throw unreadable(index, e.getCause() == null ? e : e.getCause());
    } catch (Throwable t) {
      throw unreadable(index, t);
    }
  }

  private IllegalArgumentException unreadable(int index, Throwable cause) {
    return new IllegalArgumentException(
        "cannot read %s: %s".formatted(accessors.get(index), cause), cause);
  }
}
