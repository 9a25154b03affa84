package dev.burnish.jinja.python;

import dev.burnish.jinja.python.Arguments.Bound;

/// A search for a text within a part of another one; indices are code points.
record Search(String text, String wanted, int start, int end) {
  static Search of(String method, String text, Arguments arguments) {
    Bound bound = arguments.bind(method, "sub", "start=", "end=");
    int length = PyText.length(text);
    int start = bound.given(1).map(PyNumber::count).orElse(0);
    int end = bound.given(2).map(PyNumber::count).orElse(length);
    return new Search(
        text, bound.text(0), clamp(start, length), Math.min(clamp(end, length), length));
  }

  /// An index, counted from the end where it is negative; one beyond the end stays beyond.
  static int clamp(int index, int length) {
    return index < 0 ? Math.max(0, index + length) : Math.min(index, length + 1);
  }

  private String part() {
    return PyText.substring(text, start, end);
  }

  private long index(int utf16, String part) {
    return utf16 < 0 ? -1 : start + part.codePointCount(0, utf16);
  }

  long first() {
    return start > end ? -1 : index(part().indexOf(wanted), part());
  }

  long last() {
    return start > end ? -1 : index(part().lastIndexOf(wanted), part());
  }

  long count() {
    if (start > end) {
      return 0;
    }
    String part = part();
    if (wanted.isEmpty()) {
      return PyText.length(part) + 1L;
    }
    long count = 0;
    for (int at = part.indexOf(wanted); at >= 0; at = part.indexOf(wanted, at + wanted.length())) {
      count++;
    }
    return count;
  }
}
