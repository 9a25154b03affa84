package dev.burnish.text;

/// The positions in a text of the bytes of its UTF-8 form.
final class Utf8Positions {
  private Utf8Positions() {}

  /// For each byte, and for the end, the UTF-16 index of the character that it is a part of.
  static int[] starts(String text) {
    IntList starts = new IntList();
    for (int at = 0; at < text.length(); ) {
      int c = text.codePointAt(at);
      int bytes = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
      for (int i = 0; i < bytes; i++) {
        starts.add(at);
      }
      at += Character.charCount(c);
    }
    starts.add(text.length());
    return starts.toArray();
  }

  /// UTF-16 index at which the character ends that the byte before this one is a part of.
  static int ceiling(int[] starts, int end) {
    int at = end;
    while (at < starts.length - 1 && starts[at] == starts[end - 1]) {
      at++;
    }
    return starts[at];
  }
}
