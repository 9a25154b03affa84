package dev.burnish.text;

import java.util.Arrays;

/// Streams through a decoder whose tokens have no text of their own, because it looks at their
/// neighbours (spaces between words, bytes as `<0xE3>`): decodes a short window twice, without and
/// with the new tokens, and returns the added text, unless it ends in an incomplete character.
final class PrefixStream implements StreamingDecoder {
  private static final char BROKEN = '\uFFFD';
  private static final int LONGEST_WAIT = 8;

  private final TokenDecoder decoder;
  private int[] window = new int[16];
  private int size;
  private int shown;

  PrefixStream(TokenDecoder decoder) {
    this.decoder = decoder;
  }

  @Override
  public String append(int id) {
    if (size == window.length) {
      window = Arrays.copyOf(window, 2 * size);
    }
    window[size++] = id;
    String text = decode(0, size);
    boolean open = !text.isEmpty() && text.charAt(text.length() - 1) == BROKEN;
    return open && size - shown < LONGEST_WAIT ? "" : emit(text);
  }

  @Override
  public String finish() {
    String rest = emit(decode(0, size));
    size = 0;
    shown = 0;
    return rest;
  }

  /// Returns the text of the window beyond the part that was shown; then keeps only the tokens just
  /// shown, as left context of the next ones.
  private String emit(String text) {
    String before = decode(0, shown);
    if (text.length() <= before.length()) {
      return "";
    }
    String added = text.substring(before.length());
    int drop = shown;
    System.arraycopy(window, drop, window, 0, size - drop);
    size -= drop;
    shown = size;
    return added;
  }

  private String decode(int from, int to) {
    return decoder.decode(Arrays.copyOfRange(window, from, to), false);
  }
}
