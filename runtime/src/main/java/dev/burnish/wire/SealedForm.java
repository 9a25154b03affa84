package dev.burnish.wire;

import java.util.LinkedHashMap;
import java.util.Map;

/// A sealed interface of records, or of enums: the simple name of the leaf, then its value.
final class SealedForm implements Form<Object> {
  private final Class<?> type;
  private final Map<String, Form<Object>> byName = new LinkedHashMap<>();
  private final Map<Class<?>, String> names = new LinkedHashMap<>();

  SealedForm(Class<?> type) {
    this.type = type;
  }

  /// @throws IllegalArgumentException if another leaf has this simple name
  void add(Class<?> leaf, Form<Object> form) {
    String name = leaf.getSimpleName();
    if (byName.put(name, form) != null && !names.containsKey(leaf)) {
      throw new IllegalArgumentException(
          "the leaves of a sealed interface differ in simple name: type=%s name=%s; rename one"
              .formatted(type.getName(), name));
    }
    names.put(leaf, name);
  }

  @Override
  public void write(Object value, Encoding out) {
    String name = names.get(value instanceof Enum<?> e ? e.getDeclaringClass() : value.getClass());
    if (name == null) {
      throw new IllegalArgumentException(
          "a leaf of %s is expected: type=%s"
              .formatted(type.getName(), value.getClass().getName()));
    }
    Encoding deeper = out.deeper();
    out.cbor().head(CborWriter.ARRAY, 2);
    out.cbor().text(name);
    form(name).write(value, deeper);
  }

  @Override
  public Object read(Decoding in) {
    Decoding deeper = in.deeper();
    in.cbor().array(2);
    return form(in.cbor().text()).read(deeper);
  }

  private Form<Object> form(String name) {
    Form<Object> form = byName.get(name);
    if (form == null) {
      throw new WireException("a leaf of %s is expected: name=%s".formatted(type.getName(), name));
    }
    return form;
  }
}
