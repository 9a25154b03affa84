package dev.burnish.text;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// The UTF-8 bytes that each token stands for, for the decoders that just join them: GPT-2's byte
/// level (each byte is written as one character of a fixed alphabet) and plain concatenation.
final class TokenBytes implements TokenDecoder {
  private static final byte[] NONE = {};
  private static final int[] BYTE_OF_CHAR = new int[512];
  private static final char[] CHAR_OF_BYTE = new char[256];

  static {
    Arrays.fill(BYTE_OF_CHAR, -1);
    int next = 256;
    for (int b = 0; b < 256; b++) {
      int c = isPrintable(b) ? b : next++;
      BYTE_OF_CHAR[c] = b;
      CHAR_OF_BYTE[b] = (char) c;
    }
  }

  private final Vocabulary vocabulary;
  private final byte[][] bytes;

  private TokenBytes(Vocabulary vocabulary, boolean byteLevel) {
    this.vocabulary = vocabulary;
    this.bytes = new byte[vocabulary.size()][];
    for (int id = 0; id < bytes.length; id++) {
      bytes[id] =
          vocabulary
              .token(id)
              .map(token -> byteLevel ? byteLevel(token) : utf8(token))
              .orElse(NONE);
    }
  }

  static TokenBytes byteLevel(Vocabulary vocabulary) {
    return new TokenBytes(vocabulary, true);
  }

  static TokenBytes plain(Vocabulary vocabulary) {
    return new TokenBytes(vocabulary, false);
  }

  /// Whether the byte stands for itself in GPT-2's alphabet; the others are written as U+0100
  /// onwards.
  private static boolean isPrintable(int b) {
    return (b >= '!' && b <= '~') || (b >= 0xA1 && b <= 0xAC) || b >= 0xAE;
  }

  /// The byte that a character of the byte-level alphabet stands for, or -1.
  static int byteOf(char c) {
    return c < BYTE_OF_CHAR.length ? BYTE_OF_CHAR[c] : -1;
  }

  /// The character that stands for a byte.
  static char charOf(int b) {
    return CHAR_OF_BYTE[b];
  }

  private static byte[] byteLevel(String token) {
    byte[] result = new byte[token.length()];
    for (int i = 0; i < result.length; i++) {
      int b = byteOf(token.charAt(i));
      if (b < 0) {
        return utf8(token); // as the original library does with tokens that are not of the alphabet
      }
      result[i] = (byte) b;
    }
    return result;
  }

  private static byte[] utf8(String token) {
    return token.getBytes(StandardCharsets.UTF_8);
  }

  byte[] of(int id) {
    return id < 0 || id >= bytes.length ? NONE : bytes[id];
  }

  @Override
  public String decode(int[] ids, boolean skipSpecial) {
    ByteArrayOutputStream out = new ByteArrayOutputStream(4 * ids.length);
    for (int id : ids) {
      if (!skipSpecial || !vocabulary.isSpecial(id)) {
        out.writeBytes(of(id));
      }
    }
    return out.toString(StandardCharsets.UTF_8);
  }

  @Override
  public StreamingDecoder stream() {
    return new Utf8Stream(this);
  }
}
