package dev.burnish.jinja.python;

import dev.burnish.jinja.python.Arguments.Bound;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/// `str.split`, `str.rsplit`, `str.partition` and `str.rpartition`.
final class Splitting {
  private Splitting() {}

  static Object split(String text, Arguments arguments) {
    Bound bound = arguments.bind("split", "sep=", "maxsplit=");
    int most = most(bound);
    return new PyList(
        bound.given(0).isEmpty() ? words(text, most) : parts(text, separator(bound), most));
  }

  static Object splitFromRight(String text, Arguments arguments) {
    Bound bound = arguments.bind("rsplit", "sep=", "maxsplit=");
    int most = most(bound);
    List<Object> reversed =
        bound.given(0).isEmpty()
            ? wordsFromRight(text, most)
            : partsFromRight(text, separator(bound), most);
    Collections.reverse(reversed);
    return new PyList(reversed);
  }

  static Object partition(String text, Arguments arguments) {
    String separator = separator(arguments.bind("partition", "sep"));
    int at = text.indexOf(separator);
    return at < 0 ? PyTuple.of(text, "", "") : parted(text, separator, at);
  }

  static Object partitionFromRight(String text, Arguments arguments) {
    String separator = separator(arguments.bind("rpartition", "sep"));
    int at = text.lastIndexOf(separator);
    return at < 0 ? PyTuple.of("", "", text) : parted(text, separator, at);
  }

  private static PyTuple parted(String text, String separator, int at) {
    return PyTuple.of(text.substring(0, at), separator, text.substring(at + separator.length()));
  }

  private static int most(Bound bound) {
    int most = bound.count(1, -1);
    return most < 0 ? Integer.MAX_VALUE : most;
  }

  private static String separator(Bound bound) {
    String separator = bound.text(0);
    if (separator.isEmpty()) {
      throw JinjaException.value("empty separator");
    }
    return separator;
  }

  private static List<Object> words(String text, int most) {
    List<Object> words = new ArrayList<>();
    String rest = PyText.lstrip(text);
    while (!rest.isEmpty() && words.size() < most) {
      int end = 0;
      while (end < rest.length() && !PyText.isSpace(rest.codePointAt(end))) {
        end += Character.charCount(rest.codePointAt(end));
      }
      words.add(rest.substring(0, end));
      rest = PyText.lstrip(rest.substring(end));
    }
    if (!rest.isEmpty()) {
      words.add(rest);
    }
    return words;
  }

  private static List<Object> wordsFromRight(String text, int most) {
    List<Object> words = new ArrayList<>();
    String rest = PyText.rstrip(text);
    while (!rest.isEmpty() && words.size() < most) {
      int start = rest.length();
      while (start > 0 && !PyText.isSpace(rest.codePointBefore(start))) {
        start -= Character.charCount(rest.codePointBefore(start));
      }
      words.add(rest.substring(start));
      rest = PyText.rstrip(rest.substring(0, start));
    }
    if (!rest.isEmpty()) {
      words.add(rest);
    }
    return words;
  }

  private static List<Object> parts(String text, String separator, int most) {
    List<Object> parts = new ArrayList<>();
    int from = 0;
    for (int at = text.indexOf(separator); at >= 0 && parts.size() < most; ) {
      parts.add(text.substring(from, at));
      from = at + separator.length();
      at = text.indexOf(separator, from);
    }
    parts.add(text.substring(from));
    return parts;
  }

  private static List<Object> partsFromRight(String text, String separator, int most) {
    List<Object> parts = new ArrayList<>();
    int to = text.length();
    for (int at = text.lastIndexOf(separator); at >= 0 && parts.size() < most; ) {
      parts.add(text.substring(at + separator.length(), to));
      to = at;
      at = to < separator.length() ? -1 : text.lastIndexOf(separator, to - separator.length());
    }
    parts.add(text.substring(0, to));
    return parts;
  }
}
