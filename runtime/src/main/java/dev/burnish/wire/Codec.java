package dev.burnish.wire;

import dev.burnish.wire.Form.Decoding;
import dev.burnish.wire.Form.Encoding;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Turns a list of values of declared types into bytes and back: the arguments of a call, or its
/// result alone. Decoded values share nothing with the encoded ones.
///
/// Thread-safe. Two codecs of the same types write the same bytes.
public final class Codec {
  private static final byte[] NOTHING = {};

  private final List<Form<Object>> forms;
  private final Limits limits;

  Codec(List<Form<Object>> forms, Limits limits) {
    this.forms = List.copyOf(forms);
    this.limits = limits;
  }

  /// @throws IllegalArgumentException if the number of values differs from that of the types, a
  ///   value is null, or the whole exceeds the limits
  public byte[] encode(List<?> values, Session session) {
    if (values.size() != forms.size()) {
      throw new IllegalArgumentException(
          "there is a value a declared type: values=%d types=%d"
              .formatted(values.size(), forms.size()));
    }
    if (forms.isEmpty()) {
      return NOTHING;
    }
    CborWriter cbor = new CborWriter(limits.maxBytes());
    Encoding out = new Encoding(cbor, session, 0, limits.maxDepth());
    for (int i = 0; i < forms.size(); i++) {
      forms.get(i).write(present(values.get(i)), out);
    }
    return cbor.toBytes();
  }

  /// @throws WireException if the bytes are not exactly values of the declared types
  public List<Object> decode(byte[] bytes, Session session) {
    if (bytes.length > limits.maxBytes()) {
      throw new WireException(
          "an encoded value is at most maxBytes=%d: bytes=%d"
              .formatted(limits.maxBytes(), bytes.length));
    }
    CborReader cbor = new CborReader(bytes);
    Decoding in = new Decoding(cbor, session, limits.maxDepth());
    List<Object> values = new ArrayList<>(forms.size());
    for (Form<Object> form : forms) {
      values.add(form.read(in));
    }
    cbor.end();
    return Collections.unmodifiableList(values);
  }

  static Object present(@Nullable Object value) {
    if (value == null) {
      throw new IllegalArgumentException(
          "a value that travels is not null: value=null; declare an Optional");
    }
    return value;
  }
}
