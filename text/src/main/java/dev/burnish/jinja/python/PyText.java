package dev.burnish.jinja.python;

import java.util.ArrayList;
import java.util.List;

/// Python's view of text: characters are code points, and white space is what `str.isspace` says.
public final class PyText {
  /// Characters of the longest text that a template may make.
  public static final int LONGEST = 1 << 24;

  private PyText() {}

  static boolean isSpace(int c) {
    return (c >= 0x09 && c <= 0x0D)
        || (c >= 0x1C && c <= 0x20)
        || c == 0x85
        || (c >= 0xA0 && Character.isSpaceChar(c));
  }

  /// Whether the text is not empty and all white space.
  public static boolean isSpace(String text) {
    return !text.isEmpty() && text.codePoints().allMatch(PyText::isSpace);
  }

  public static String rstrip(String text) {
    int end = text.length();
    while (end > 0 && isSpace(text.codePointBefore(end))) {
      end -= Character.charCount(text.codePointBefore(end));
    }
    return text.substring(0, end);
  }

  static String lstrip(String text) {
    int start = 0;
    while (start < text.length() && isSpace(text.codePointAt(start))) {
      start += Character.charCount(text.codePointAt(start));
    }
    return text.substring(start);
  }

  static String strip(String text) {
    return lstrip(rstrip(text));
  }

  public static int length(String text) {
    return text.codePointCount(0, text.length());
  }

  /// A part of the text by code points.
  public static String substring(String text, int from, int to) {
    if (text.length() == length(text)) {
      return text.substring(from, to);
    }
    int start = text.offsetByCodePoints(0, from);
    return text.substring(start, text.offsetByCodePoints(start, to - from));
  }

  static List<Object> characters(String text) {
    List<Object> characters = new ArrayList<>(text.length());
    text.codePoints().forEach(c -> characters.add(Character.toString(c)));
    return characters;
  }

  private static boolean isLineEnd(int c) {
    return (c >= 0x0A && c <= 0x0D)
        || (c >= 0x1C && c <= 0x1E)
        || c == 0x85
        || c == 0x2028
        || c == 0x2029;
  }

  /// The lines as `str.splitlines` gives them.
  ///
  /// @param keepEnds whether each line has the characters that end it
  public static List<String> lines(String text, boolean keepEnds) {
    List<String> lines = new ArrayList<>();
    int start = 0;
    for (int i = 0; i < text.length(); i++) {
      if (!isLineEnd(text.charAt(i))) {
        continue;
      }
      int end = i;
      if (text.startsWith("\r\n", i)) {
        i++;
      }
      lines.add(text.substring(start, keepEnds ? i + 1 : end));
      start = i + 1;
    }
    if (start < text.length()) {
      lines.add(text.substring(start));
    }
    return lines;
  }

  /// By code points, as Python compares; UTF-16 order differs beyond U+FFFF.
  static int compare(String left, String right) {
    int at = 0;
    int end = Math.min(left.length(), right.length());
    while (at < end && left.charAt(at) == right.charAt(at)) {
      at++;
    }
    if (at == end) {
      return Integer.compare(left.length(), right.length());
    }
    boolean inPair = at > 0 && Character.isHighSurrogate(left.charAt(at - 1));
    int from = inPair ? at - 1 : at;
    return Integer.compare(left.codePointAt(from), right.codePointAt(from));
  }

  /// The text, unless it is longer than a template may make one.
  public static String checked(String text) {
    requireLength(text.length());
    return text;
  }

  /// Refuses a text of that many characters where a template may make none as long.
  public static void requireLength(long length) {
    if (length > LONGEST) {
      throw JinjaException.limit("texts must not exceed %d characters", LONGEST);
    }
  }

  /// The text that many times.
  static String repeated(String text, long times) {
    requireLength(Math.max(times, 0) > LONGEST ? times : text.length() * times);
    return text.repeat((int) Math.max(0, times));
  }

  /// The alignment of a text in a wider field.
  enum Side {
    LEFT,
    RIGHT,
    CENTER
  }

  /// The text within a field of that many characters.
  static String pad(String text, Side side, int width, String fill) {
    int missing = width - length(text);
    if (missing <= 0) {
      return text;
    }
    int left =
        switch (side) {
          case LEFT -> 0;
          case RIGHT -> missing;
          case CENTER -> missing / 2 + (missing & width & 1);
        };
    return repeated(fill, left) + text + repeated(fill, missing - left);
  }

  /// The value as escaped HTML.
  public static String escaped(Object value) {
    return value instanceof Markup markup
        ? markup.text()
        : Repr.str(value)
            .replace("&", "&amp;")
            .replace(">", "&gt;")
            .replace("<", "&lt;")
            .replace("'", "&#39;")
            .replace("\"", "&#34;");
  }
}
