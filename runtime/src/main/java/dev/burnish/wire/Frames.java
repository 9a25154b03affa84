package dev.burnish.wire;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;

/// Frames as bytes: `length u32 | sequence u32 | kind u8 | fixed fields | rest`, big endian. The
/// length counts everything after itself. Sequence numbers grow by one per frame and direction, so
/// that a lost, duplicated or reordered frame is detected.
public final class Frames {
  /// Bytes before the fixed fields.
  public static final int HEAD = 9;

  private static final int MAX_FIXED = 28;
  private static final byte[] EMPTY = {};

  private Frames() {}

  /// The most bytes of arguments, a result or an element within a limit.
  public static int maxPayload(Limits limits) {
    return limits.maxBytes() - HEAD - MAX_FIXED;
  }

  /// The variable part of a frame: arguments, result, element, error.
  public static byte[] payload(Frame frame) {
    return switch (frame) {
      case Frame.Hello f -> f.introduction();
      case Frame.Call f -> f.arguments();
      case Frame.Cast f -> f.arguments();
      case Frame.Reply f -> f.result();
      case Frame.Failure f -> f.error();
      case Frame.Item f -> f.element();
      case Frame.Broken f -> f.error();
      case Frame.Bye f -> f.reason().getBytes(UTF_8);
      case Frame.Cancel _, Frame.End _, Frame.Credit _, Frame.Abandon _, Frame.Heartbeat _ -> EMPTY;
    };
  }

  /// Writes all of a frame except its payload, which follows.
  public static void writeHead(Frame frame, int payloadLength, int sequence, ByteBuffer out) {
    int start = out.position();
    out.putInt(0).putInt(sequence);
    switch (frame) {
      case Frame.Hello _ -> out.put((byte) 1);
      case Frame.Call f ->
          out.put((byte) 2)
              .putLong(f.id())
              .putLong(f.actor())
              .putInt(f.method())
              .putLong(f.timeout());
      case Frame.Cast f -> out.put((byte) 3).putLong(f.actor()).putInt(f.method());
      case Frame.Reply f -> out.put((byte) 4).putLong(f.id());
      case Frame.Failure f -> out.put((byte) 5).putLong(f.id());
      case Frame.Cancel f -> out.put((byte) 6).putLong(f.id());
      case Frame.Item f -> out.put((byte) 7).putLong(f.stream());
      case Frame.End f -> out.put((byte) 8).putLong(f.stream());
      case Frame.Broken f -> out.put((byte) 9).putLong(f.stream());
      case Frame.Credit f -> out.put((byte) 10).putLong(f.stream()).putInt(f.items());
      case Frame.Abandon f -> out.put((byte) 11).putLong(f.stream());
      case Frame.Heartbeat _ -> out.put((byte) 12);
      case Frame.Bye _ -> out.put((byte) 13);
    }
    out.putInt(start, out.position() - start - Integer.BYTES + payloadLength);
  }

  /// A frame without its length and sequence: `kind | fixed fields | rest`, to the limit of `in`.
  ///
  /// @throws WireException if it is not exactly one frame
  public static Frame read(ByteBuffer in) {
    try {
      int kind = in.get();
      Frame frame =
          switch (kind) {
            case 1 -> new Frame.Hello(rest(in));
            case 2 -> call(in);
            case 3 -> new Frame.Cast(in.getLong(), in.getInt(), rest(in));
            case 4 -> new Frame.Reply(in.getLong(), rest(in));
            case 5 -> new Frame.Failure(in.getLong(), rest(in));
            case 6 -> new Frame.Cancel(in.getLong());
            case 7 -> new Frame.Item(in.getLong(), rest(in));
            case 8 -> new Frame.End(in.getLong());
            case 9 -> new Frame.Broken(in.getLong(), rest(in));
            case 10 -> credit(in);
            case 11 -> new Frame.Abandon(in.getLong());
            case 12 -> new Frame.Heartbeat();
            case 13 -> new Frame.Bye(new String(rest(in), UTF_8));
            default -> throw new WireException("a frame is of a known kind: kind=" + kind);
          };
      if (in.hasRemaining()) {
        throw new WireException(
            "a frame ends with its fields: kind=%d left=%d".formatted(kind, in.remaining()));
      }
      return frame;
    } catch (java.nio.BufferUnderflowException e) {
      throw new WireException("a frame has all its fields: size=" + in.limit(), e);
    }
  }

  private static Frame call(ByteBuffer in) {
    long id = in.getLong();
    long actor = in.getLong();
    int method = in.getInt();
    long timeout = in.getLong();
    if (timeout <= 0 || method < 0) {
      throw new WireException(
          "a call has a method and time left: method=%d timeout=%d".formatted(method, timeout));
    }
    return new Frame.Call(id, actor, method, timeout, rest(in));
  }

  private static Frame credit(ByteBuffer in) {
    long stream = in.getLong();
    int items = in.getInt();
    if (items <= 0) {
      throw new WireException("a credit is of at least one element: items=" + items);
    }
    return new Frame.Credit(stream, items);
  }

  private static byte[] rest(ByteBuffer in) {
    byte[] bytes = new byte[in.remaining()];
    in.get(bytes);
    return bytes;
  }
}
