package dev.burnish.link.bulk;

import dev.burnish.wire.WireException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/// A request as it goes to the other host. The answer is a status, and for [#OK] the bytes or the
/// digest, for [#REFUSED] the length of a text and the text; any number of [#COMING] go before.
///
/// @param region number of it at its owner
record Question(Kind kind, long region, Runs runs) {
  /// Bytes of a question.
  static final int SIZE = 2 * Integer.BYTES + 4 * Long.BYTES;

  static final int OK = 0x0b;

  /// The region is not lent any more, or the runs are not within it.
  static final int REFUSED = 0x0e;

  /// Before another status: the bytes are not here yet, but come.
  static final int COMING = 0x0c;

  /// Of the text of a refusal.
  static final int MOST = 1 << 12;

  /// The answer that is wanted.
  enum Kind {
    BYTES(0),
    DIGEST(1);

    private final int code;

    Kind(int code) {
      this.code = code;
    }

    /// @throws WireException if there is none of that code
    static Kind of(int code) {
      return switch (code) {
        case 0 -> BYTES;
        case 1 -> DIGEST;
        default -> throw new WireException("a request is of a known kind: kind=" + code);
      };
    }
  }

  static Question of(long region, Request request) {
    return switch (request) {
      case Request.Read read -> new Question(Kind.BYTES, region, read.from());
      case Request.Digest digest -> new Question(Kind.DIGEST, region, digest.from());
    };
  }

  void write(ByteBuffer out) {
    out.putInt(kind.code)
        .putInt(runs.count())
        .putLong(region)
        .putLong(runs.offset())
        .putLong(runs.run())
        .putLong(runs.stride());
  }

  /// @throws WireException if a peer of ours does not ask so
  static Question read(ByteBuffer in) {
    Kind kind = Kind.of(in.getInt());
    int count = in.getInt();
    long region = in.getLong();
    try {
      Runs runs = new Runs(in.getLong(), in.getLong(), count, in.getLong());
      if (runs.bytes() > Request.LARGEST) {
        throw new WireException("a request is small: kind=%s %s".formatted(kind, runs));
      }
      return new Question(kind, region, runs);
    } catch (IllegalArgumentException e) {
      throw new WireException("a request is about runs of bytes: " + e.getMessage());
    }
  }

  /// The text of a refusal.
  ///
  /// @throws IOException if it is longer than one of ours
  static int length(MemorySegment text) throws IOException {
    int length = text.asByteBuffer().getInt();
    if (length < 0 || length > MOST) {
      throw new IOException("a refusal has at most %d bytes: bytes=%d".formatted(MOST, length));
    }
    return length;
  }
}
