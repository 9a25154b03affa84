package dev.burnish.wire;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// List, Map and Optional. Decoded containers are immutable.
final class ContainerForms {
  private static final int FIRST_CAPACITY = 1024;

  private ContainerForms() {}

  record Lists(Form<Object> element) implements Form<List<Object>> {
    @Override
    public void write(List<Object> value, Encoding out) {
      Encoding deeper = out.deeper();
      out.cbor().head(CborWriter.ARRAY, value.size());
      value.forEach(each -> element.write(Codec.present(each), deeper));
    }

    @Override
    public List<Object> read(Decoding in) {
      Decoding deeper = in.deeper();
      int size = in.cbor().array();
      List<Object> value = new ArrayList<>(Math.min(size, FIRST_CAPACITY));
      for (int i = 0; i < size; i++) {
        value.add(element.read(deeper));
      }
      return Collections.unmodifiableList(value);
    }
  }

  record Maps(Form<Object> key, Form<Object> element) implements Form<Map<Object, Object>> {
    @Override
    public void write(Map<Object, Object> value, Encoding out) {
      Encoding deeper = out.deeper();
      out.cbor().head(CborWriter.MAP, value.size());
      value.forEach((k, v) -> {
        key.write(Codec.present(k), deeper);
        element.write(Codec.present(v), deeper);
      });
    }

    @Override
    public Map<Object, Object> read(Decoding in) {
      Decoding deeper = in.deeper();
      int size = in.cbor().map();
      Map<Object, Object> value = new LinkedHashMap<>();
      for (int i = 0; i < size; i++) {
        Object k = key.read(deeper);
        if (value.put(k, element.read(deeper)) != null) {
          throw new WireException("a key of a map is there once: key=" + k);
        }
      }
      return Collections.unmodifiableMap(value);
    }
  }

  record Optionals(Form<Object> element) implements Form<Optional<Object>> {
    @Override
    public void write(Optional<Object> value, Encoding out) {
      Encoding deeper = out.deeper();
      out.cbor().head(CborWriter.ARRAY, value.isPresent() ? 1 : 0);
      value.ifPresent(each -> element.write(each, deeper));
    }

    @Override
    public Optional<Object> read(Decoding in) {
      Decoding deeper = in.deeper();
      return switch (in.cbor().array()) {
        case 0 -> Optional.empty();
        case 1 -> Optional.of(element.read(deeper));
        default -> throw new WireException("an Optional has at most one value");
      };
    }
  }
}
