package dev.burnish.text;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// Streams tokens that are byte sequences: holds back a character's bytes until its last one is
/// there.
final class Utf8Stream implements StreamingDecoder {
  private static final byte[] NONE = {};

  private final TokenBytes tokens;
  private byte[] pending = NONE;

  Utf8Stream(TokenBytes tokens) {
    this.tokens = tokens;
  }

  @Override
  public String append(int id) {
    byte[] next = tokens.of(id);
    if (next.length == 0) {
      return "";
    }
    byte[] all = next;
    if (pending.length > 0) {
      all = Arrays.copyOf(pending, pending.length + next.length);
      System.arraycopy(next, 0, all, pending.length, next.length);
    }
    int complete = completeLength(all);
    pending = complete == all.length ? NONE : Arrays.copyOfRange(all, complete, all.length);
    return new String(all, 0, complete, StandardCharsets.UTF_8);
  }

  @Override
  public String finish() {
    String rest = new String(pending, StandardCharsets.UTF_8);
    pending = NONE;
    return rest;
  }

  /// Length without the beginning of a character at the end, which more bytes may complete.
  private static int completeLength(byte[] bytes) {
    for (int back = 1; back <= Math.min(3, bytes.length); back++) {
      int start = bytes.length - back;
      int b = bytes[start] & 0xFF;
      if (b >= 0xC2 && b <= 0xF4) {
        int length = b < 0xE0 ? 2 : b < 0xF0 ? 3 : 4;
        boolean open = back < length && (back == 1 || mayFollow(b, bytes[start + 1] & 0xFF));
        return open ? start : bytes.length;
      }
      if ((b & 0xC0) != 0x80) {
        return bytes.length;
      }
    }
    return bytes.length;
  }

  /// Whether the second byte can follow the first: if not, the character is broken and not held
  /// back.
  private static boolean mayFollow(int first, int second) {
    return switch (first) {
      case 0xE0 -> second >= 0xA0;
      case 0xED -> second <= 0x9F;
      case 0xF0 -> second >= 0x90;
      case 0xF4 -> second <= 0x8F;
      default -> true;
    };
  }
}
