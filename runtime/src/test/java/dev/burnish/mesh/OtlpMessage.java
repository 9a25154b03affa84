package dev.burnish.mesh;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.util.HexFormat;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// Reads spans that were sent as protobuf into the JSON form of the same message, as far as tests
/// check it.
///
/// Source: opentelemetry-proto, opentelemetry/proto/trace/v1/trace.proto.
final class OtlpMessage {
  private static final int VARINT = 0;
  private static final int FIXED = 1;
  private static final int BYTES = 2;

  /// The meaning of a field, given its message.
  @FunctionalInterface
  private interface Field {
    void read(int number, ByteBuffer bytes, long value);
  }

  private OtlpMessage() {}

  /// An `ExportTraceServiceRequest` of one process.
  static JsonNode request(byte[] body) {
    ObjectNode request = JsonMapper.shared().createObjectNode();
    ObjectNode ofResource = request.putArray("resourceSpans").addObject();
    read(
        ByteBuffer.wrap(body),
        (field, bytes, value) -> read(bytes, (f, b, v) -> resource(f, b, ofResource)));
    return request;
  }

  private static void resource(int field, ByteBuffer bytes, ObjectNode out) {
    if (field == 1) {
      var attributes = out.putObject("resource").putArray("attributes");
      read(
          bytes,
          (f, b, v) -> {
            if (f == 1) {
              attribute(b, attributes.addObject());
            }
          });
    } else if (field == 2) {
      var spans = out.putArray("scopeSpans").addObject().putArray("spans");
      read(
          bytes,
          (f, b, v) -> {
            if (f == 2) {
              span(b, spans.addObject());
            }
          });
    }
  }

  private static void attribute(ByteBuffer in, ObjectNode out) {
    read(
        in,
        (field, bytes, value) -> {
          if (field == 1) {
            out.put("key", text(bytes));
          } else {
            ObjectNode to = out.putObject("value");
            read(
                bytes,
                (f, b, v) -> {
                  if (f == 1) {
                    to.put("stringValue", text(b));
                  }
                });
          }
        });
  }

  private static void span(ByteBuffer in, ObjectNode out) {
    read(
        in,
        (field, bytes, value) -> {
          switch (field) {
            case 1 -> out.put("traceId", hex(bytes));
            case 2 -> out.put("spanId", hex(bytes));
            case 4 -> out.put("parentSpanId", hex(bytes));
            case 5 -> out.put("name", text(bytes));
            case 6 -> out.put("kind", value);
            default -> {}
          }
        });
  }

  private static void read(ByteBuffer in, Field field) {
    while (in.hasRemaining()) {
      int tag = (int) varint(in);
      switch (tag & 7) {
        case VARINT -> field.read(tag >>> 3, ByteBuffer.allocate(0), varint(in));
        case FIXED -> in.position(in.position() + Long.BYTES);
        case BYTES -> {
          int length = (int) varint(in);
          field.read(tag >>> 3, in.slice(in.position(), length), 0);
          in.position(in.position() + length);
        }
        default -> in.position(in.position() + Integer.BYTES);
      }
    }
  }

  private static long varint(ByteBuffer in) {
    long value = 0;
    for (int shift = 0; ; shift += 7) {
      byte next = in.get();
      value |= (long) (next & 0x7f) << shift;
      if (next >= 0) {
        return value;
      }
    }
  }

  private static byte[] bytes(ByteBuffer in) {
    byte[] bytes = new byte[in.remaining()];
    in.get(bytes);
    return bytes;
  }

  private static String text(ByteBuffer in) {
    return new String(bytes(in), UTF_8);
  }

  private static String hex(ByteBuffer in) {
    return HexFormat.of().formatHex(bytes(in));
  }
}
