package dev.burnish.jinja.syntax;

import dev.burnish.jinja.python.JinjaException;

/// The escapes of a string literal, as Python's `unicode-escape` reads them.
final class StringEscapes {
  private final String text;
  private final int line;
  private final StringBuilder out;
  private int at;

  private StringEscapes(String text, int line) {
    this.text = text;
    this.line = line;
    this.out = new StringBuilder(text.length());
  }

  static String decode(String text, int line) {
    return text.indexOf('\\') < 0 ? text : new StringEscapes(text, line).decode();
  }

  private String decode() {
    while (at < text.length()) {
      char c = text.charAt(at++);
      if (c != '\\') {
        out.append(c);
      } else {
        escape(text.codePointAt(at));
      }
    }
    return out.toString();
  }

  private void escape(int kind) {
    at += Character.charCount(kind);
    switch (kind) {
      case '\n' -> {}
      case '\\', '\'', '"' -> out.appendCodePoint(kind);
      case 'a' -> out.append('\007');
      case 'b' -> out.append('\b');
      case 'f' -> out.append('\f');
      case 'n' -> out.append('\n');
      case 'r' -> out.append('\r');
      case 't' -> out.append('\t');
      case 'v' -> out.append('\013');
      case 'x' -> hex(2);
      case 'u' -> hex(4);
      case 'U' -> hex(8);
      default -> {
        if (kind >= '0' && kind <= '7') {
          octal();
        } else {
          out.append('\\').appendCodePoint(kind);
        }
      }
    }
  }

  private void hex(int digits) {
    int end = at;
    while (end < text.length() && end < at + digits && Character.digit(text.charAt(end), 16) >= 0) {
      end++;
    }
    if (end < at + digits) {
      throw JinjaException.syntax("truncated escape in a string literal", line);
    }
    long code = Long.parseLong(text, at, end, 16);
    if (code > Character.MAX_CODE_POINT) {
      throw JinjaException.syntax("illegal Unicode character in a string literal", line);
    }
    out.appendCodePoint((int) code);
    at = end;
  }

  private void octal() {
    int start = at - 1;
    while (at < text.length()
        && at < start + 3
        && text.charAt(at) >= '0'
        && text.charAt(at) <= '7') {
      at++;
    }
    out.appendCodePoint(Integer.parseInt(text, start, at, 8));
  }
}
