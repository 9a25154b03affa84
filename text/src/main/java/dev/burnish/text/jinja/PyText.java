package dev.burnish.text.jinja;

import java.util.ArrayList;
import java.util.List;

/// Python's view of text: characters are code points, and white space is what `str.isspace` says.
final class PyText {
  private PyText() {}

  static boolean isSpace(int c) {
    return (c >= 0x09 && c <= 0x0D)
        || (c >= 0x1C && c <= 0x20)
        || c == 0x85
        || (c >= 0xA0 && Character.isSpaceChar(c));
  }

  /// Whether the text is not empty and all white space.
  static boolean isSpace(String text) {
    return !text.isEmpty() && text.codePoints().allMatch(PyText::isSpace);
  }

  static String rstrip(String text) {
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

  static int length(String text) {
    return text.codePointCount(0, text.length());
  }

  static boolean isNarrow(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (Character.isHighSurrogate(text.charAt(i))) {
        return false;
      }
    }
    return true;
  }

  /// Index in UTF-16 units of a code point.
  static int offset(String text, int codePoint) {
    return text.offsetByCodePoints(0, codePoint);
  }

  static String substring(String text, int from, int to) {
    if (isNarrow(text)) {
      return text.substring(from, to);
    }
    int start = offset(text, from);
    return text.substring(start, text.offsetByCodePoints(start, to - from));
  }

  static List<Object> characters(String text) {
    List<Object> characters = new ArrayList<>(text.length());
    text.codePoints().forEach(c -> characters.add(Character.toString(c)));
    return characters;
  }

  static boolean isLineEnd(int c) {
    return (c >= 0x0A && c <= 0x0D)
        || (c >= 0x1C && c <= 0x1E)
        || c == 0x85
        || c == 0x2028
        || c == 0x2029;
  }

  static List<String> lines(String text, boolean keepEnds) {
    List<String> lines = new ArrayList<>();
    int start = 0;
    for (int i = 0; i < text.length(); i++) {
      if (!isLineEnd(text.charAt(i))) {
        continue;
      }
      int end = i;
      if (text.charAt(i) == '\r' && i + 1 < text.length() && text.charAt(i + 1) == '\n') {
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

  static String escapeHtml(String text) {
    return text.replace("&", "&amp;")
        .replace(">", "&gt;")
        .replace("<", "&lt;")
        .replace("'", "&#39;")
        .replace("\"", "&#34;");
  }
}
