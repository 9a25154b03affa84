package dev.burnish.wire;

/// How values of one declared type are written and read.
interface Form<T> {
  void write(T value, Encoding out);

  T read(Decoding in);

  /// A value being encoded.
  record Encoding(CborWriter cbor, Session session, int depth) {
    Encoding deeper() {
      if (depth <= 0) {
        throw new IllegalArgumentException(
            "a value is nested deeper than wire.maxDepth; flatten it, or raise the limit");
      }
      return new Encoding(cbor, session, depth - 1);
    }
  }

  /// A value being decoded.
  record Decoding(CborReader cbor, Session session, int depth) {
    Decoding deeper() {
      if (depth <= 0) {
        throw new WireException("a value is nested at most wire.maxDepth levels deep");
      }
      return new Decoding(cbor, session, depth - 1);
    }
  }
}
