package dev.burnish.wire;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.stream.Collectors;

/// Primitives, text and enums.
final class ScalarForms {
  private static final Map<Class<?>, Form<?>> FORMS = new LinkedHashMap<>();

  static {
    both(boolean.class, Boolean.class, CborWriter::bool, CborReader::bool);
    both(
        byte.class,
        Byte.class,
        (out, v) -> out.integer(v),
        in -> (byte) in.integer(Byte.MIN_VALUE, Byte.MAX_VALUE));
    both(
        short.class,
        Short.class,
        (out, v) -> out.integer(v),
        in -> (short) in.integer(Short.MIN_VALUE, Short.MAX_VALUE));
    both(
        char.class,
        Character.class,
        (out, v) -> out.integer(v),
        in -> (char) in.integer(Character.MIN_VALUE, Character.MAX_VALUE));
    both(
        int.class,
        Integer.class,
        (out, v) -> out.integer(v),
        in -> (int) in.integer(Integer.MIN_VALUE, Integer.MAX_VALUE));
    both(long.class, Long.class, CborWriter::integer, CborReader::integer);
    both(float.class, Float.class, CborWriter::float32, CborReader::float32);
    both(double.class, Double.class, CborWriter::float64, CborReader::float64);
    FORMS.put(String.class, new Scalar<>(CborWriter::text, CborReader::text));
  }

  private ScalarForms() {}

  static Optional<Form<?>> of(Class<?> type) {
    if (type.isEnum()) {
      return Optional.of(constants(type));
    }
    return Optional.ofNullable(FORMS.get(type));
  }

  private static <T> void both(
      Class<?> primitive,
      Class<T> boxed,
      BiConsumer<CborWriter, T> write,
      Function<CborReader, T> read) {
    Form<T> form = new Scalar<>(write, read);
    FORMS.put(primitive, form);
    FORMS.put(boxed, form);
  }

  private static Form<Enum<?>> constants(Class<?> type) {
    Map<String, Enum<?>> byName =
        Arrays.stream(type.getEnumConstants())
            .map(constant -> (Enum<?>) constant)
            .collect(Collectors.toMap(Enum::name, constant -> constant));
    return new Scalar<>(
        (out, value) -> out.text(value.name()),
        in -> {
          String name = in.text();
          Enum<?> constant = byName.get(name);
          if (constant == null) {
            throw new WireException(
                "a constant of %s is expected: name=%s".formatted(type.getName(), name));
          }
          return constant;
        });
  }

  private record Scalar<T>(BiConsumer<CborWriter, T> writer, Function<CborReader, T> reader)
      implements Form<T> {
    @Override
    public void write(T value, Encoding out) {
      writer.accept(out.cbor(), value);
    }

    @Override
    public T read(Decoding in) {
      return reader.apply(in.cbor());
    }
  }
}
