package dev.burnish.wire;

/// How values of one declared type are written and read.
interface Form<T> {
  void write(T value, Encoding out);

  T read(Decoding in);

  /// A value being encoded.
  ///
  /// @param depth its nesting depth
  /// @param maxDepth the greatest nesting depth of a value
  record Encoding(CborWriter cbor, Session session, int depth, int maxDepth) {
    Encoding deeper() {
      if (depth >= maxDepth) {
        throw new IllegalArgumentException(
            "values are nested at most wire.maxDepth=%d deep: depth=%d; flatten it, or raise the limit"
                .formatted(maxDepth, depth + 1));
      }
      return new Encoding(cbor, session, depth + 1, maxDepth);
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
