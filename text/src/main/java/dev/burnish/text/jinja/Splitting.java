package dev.burnish.text.jinja;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/// How `str.split` and `str.rsplit` cut.
final class Splitting {
  private Splitting() {}

  static List<Object> words(String text, int most) {
    List<Object> words = new ArrayList<>();
    String rest = PyText.lstrip(text);
    while (!rest.isEmpty()) {
      if (words.size() == most) {
        words.add(rest);
        break;
      }
      int end = 0;
      while (end < rest.length() && !PyText.isSpace(rest.codePointAt(end))) {
        end += Character.charCount(rest.codePointAt(end));
      }
      words.add(rest.substring(0, end));
      int next = end;
      while (next < rest.length() && PyText.isSpace(rest.codePointAt(next))) {
        next += Character.charCount(rest.codePointAt(next));
      }
      rest = rest.substring(next);
    }
    return words;
  }

  static List<Object> wordsFromRight(String text, int most) {
    List<Object> words = new ArrayList<>();
    String rest = PyText.rstrip(text);
    while (!rest.isEmpty()) {
      if (words.size() == most) {
        words.add(rest);
        break;
      }
      int start = rest.length();
      while (start > 0 && !PyText.isSpace(rest.codePointBefore(start))) {
        start -= Character.charCount(rest.codePointBefore(start));
      }
      words.add(rest.substring(start));
      rest = PyText.rstrip(rest.substring(0, start));
    }
    Collections.reverse(words);
    return words;
  }

  static List<Object> bySeparator(String text, String separator, int most) {
    List<Object> parts = new ArrayList<>();
    int from = 0;
    while (parts.size() < most) {
      int at = text.indexOf(separator, from);
      if (at < 0) {
        break;
      }
      parts.add(text.substring(from, at));
      from = at + separator.length();
    }
    parts.add(text.substring(from));
    return parts;
  }

  static List<Object> bySeparatorFromRight(String text, String separator, int most) {
    List<Object> parts = new ArrayList<>();
    int to = text.length();
    while (parts.size() < most) {
      int at = to < separator.length() ? -1 : text.lastIndexOf(separator, to - separator.length());
      if (at < 0) {
        break;
      }
      parts.add(text.substring(at + separator.length(), to));
      to = at;
    }
    parts.add(text.substring(0, to));
    Collections.reverse(parts);
    return parts;
  }
}
