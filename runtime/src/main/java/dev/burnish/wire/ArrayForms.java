package dev.burnish.wire;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.Array;
import java.nio.ByteOrder;
import java.util.Map;
import java.util.function.Function;

/// Arrays: those of primitives as typed byte strings (RFC 8746), copied as they lie in memory; the
/// others element by element.
final class ArrayForms {
  private static final Map<Class<?>, Form<?>> PRIMITIVE =
      Map.of(
          byte[].class, new Bytes(),
          boolean[].class, new Booleans(),
          short[].class,
              new Typed<short[]>(
                  77, 2, MemorySegment::ofArray, s -> s.toArray(ValueLayout.JAVA_SHORT_UNALIGNED)),
          char[].class,
              new Typed<char[]>(
                  CborWriter.CHARS,
                  2,
                  MemorySegment::ofArray,
                  s -> s.toArray(ValueLayout.JAVA_CHAR_UNALIGNED)),
          int[].class,
              new Typed<int[]>(
                  78, 4, MemorySegment::ofArray, s -> s.toArray(ValueLayout.JAVA_INT_UNALIGNED)),
          long[].class,
              new Typed<long[]>(
                  79, 8, MemorySegment::ofArray, s -> s.toArray(ValueLayout.JAVA_LONG_UNALIGNED)),
          float[].class,
              new Typed<float[]>(
                  85, 4, MemorySegment::ofArray, s -> s.toArray(ValueLayout.JAVA_FLOAT_UNALIGNED)),
          double[].class,
              new Typed<double[]>(
                  86,
                  8,
                  MemorySegment::ofArray,
                  s -> s.toArray(ValueLayout.JAVA_DOUBLE_UNALIGNED)));

  static {
    if (ByteOrder.nativeOrder() != ByteOrder.LITTLE_ENDIAN) {
      throw new IllegalStateException(
          "arrays travel in little endian, as this machine has them not");
    }
  }

  private ArrayForms() {}

  static Form<?> primitive(Class<?> array) {
    Form<?> form = PRIMITIVE.get(array);
    if (form == null) {
      throw new IllegalArgumentException("not an array of primitives: type=" + array.getName());
    }
    return form;
  }

  private record Typed<A>(
      int tag, int width, Function<A, MemorySegment> view, Function<MemorySegment, A> copy)
      implements Form<A> {
    @Override
    public void write(A value, Encoding out) {
      out.cbor().typed(tag, view.apply(value));
    }

    @Override
    public A read(Decoding in) {
      return copy.apply(in.cbor().typed(tag, width));
    }
  }

  private record Bytes() implements Form<byte[]> {
    @Override
    public void write(byte[] value, Encoding out) {
      out.cbor().bytes(value);
    }

    @Override
    public byte[] read(Decoding in) {
      return in.cbor().bytes();
    }
  }

  private record Booleans() implements Form<boolean[]> {
    @Override
    public void write(boolean[] value, Encoding out) {
      byte[] bytes = new byte[value.length];
      for (int i = 0; i < value.length; i++) {
        bytes[i] = (byte) (value[i] ? 1 : 0);
      }
      out.cbor().bytes(bytes);
    }

    @Override
    public boolean[] read(Decoding in) {
      byte[] bytes = in.cbor().bytes();
      boolean[] value = new boolean[bytes.length];
      for (int i = 0; i < bytes.length; i++) {
        if (bytes[i] < 0 || bytes[i] > 1) {
          throw new WireException("a boolean is 0 or 1: value=" + bytes[i]);
        }
        value[i] = bytes[i] == 1;
      }
      return value;
    }
  }

  /// @param element of the array, never a primitive
  record Objects(Class<?> element, Form<Object> form) implements Form<Object> {
    @Override
    public void write(Object value, Encoding out) {
      Object[] elements = (Object[]) value;
      Encoding deeper = out.deeper();
      out.cbor().head(CborWriter.ARRAY, elements.length);
      for (Object each : elements) {
        form.write(Codec.present(each), deeper);
      }
    }

    @Override
    public Object read(Decoding in) {
      Decoding deeper = in.deeper();
      Object[] elements = (Object[]) Array.newInstance(element, in.cbor().array());
      for (int i = 0; i < elements.length; i++) {
        elements[i] = form.read(deeper);
      }
      return elements;
    }
  }
}
