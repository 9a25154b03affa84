package dev.burnish.jinja.python;

import java.math.BigInteger;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;

/// Python's `json.dumps`.
public final class Json {
  private static final int DEEPEST = 400;

  private final StringBuilder out = new StringBuilder();
  private final boolean ascii;
  private final boolean sorted;
  private final Optional<String> indent;
  private final String itemSeparator;
  private final String keySeparator;

  private Json(
      boolean ascii, boolean sorted, Optional<String> indent, Optional<Object> separators) {
    this.ascii = ascii;
    this.sorted = sorted;
    this.indent = indent;
    if (separators.isPresent()) {
      List<Object> pair = Py.list(separators.get());
      if (pair.size() != 2 || !Py.isText(pair.get(0)) || !Py.isText(pair.get(1))) {
        throw JinjaException.value("separators must be a pair of strings");
      }
      itemSeparator = Repr.str(pair.get(0));
      keySeparator = Repr.str(pair.get(1));
    } else {
      itemSeparator = indent.isPresent() ? "," : ", ";
      keySeparator = ": ";
    }
  }

  /// The filter `tojson` as transformers defines it: nothing is escaped for HTML.
  public static Object filter(Object value, Arguments arguments) {
    Arguments.Bound bound =
        arguments.bind("tojson", "ensure_ascii=", "indent=", "separators=", "sort_keys=");
    Optional<String> indent =
        bound
            .given(1)
            .map(width ->
                Py.text(width)
                    .orElseGet(() -> " ".repeat(Math.clamp(PyNumber.clamped(width), 0, 1000))));
    Json json = new Json(bound.flag(0), bound.flag(3), indent, bound.given(2));
    json.append(value, 0);
    return json.out.toString();
  }

  private void append(Object value, int depth) {
    if (depth > DEEPEST) {
      throw JinjaException.recursion("values must not nest deeper than " + DEEPEST);
    }
    PyText.requireLength(out.length());
    switch (value) {
      case String text -> string(text);
      case Markup markup -> string(markup.text());
      case None _ -> out.append("null");
      case Boolean flag -> out.append(flag.booleanValue());
      case Long _, BigInteger _ -> out.append(value);
      case Double number -> out.append(number(number));
      case PyList list -> list(list.items(), depth);
      case PyTuple tuple -> list(tuple.items(), depth);
      case PyDict dict -> dict(dict, depth);
      default ->
          throw JinjaException.type(
              "Object of type %s is not JSON serializable", Py.typeName(value));
    }
  }

  private static String number(double value) {
    return Double.isNaN(value)
        ? "NaN"
        : Double.isInfinite(value) ? (value > 0 ? "Infinity" : "-Infinity") : Repr.ofDouble(value);
  }

  private void newLine(int depth) {
    indent.ifPresent(width -> {
      out.append('\n');
      PyText.requireLength(out.length() + (long) width.length() * depth);
      out.append(width.repeat(depth));
    });
  }

  private void list(List<Object> items, int depth) {
    if (items.isEmpty()) {
      out.append("[]");
      return;
    }
    out.append('[');
    newLine(depth + 1);
    for (Iterator<Object> it = items.iterator(); it.hasNext(); ) {
      append(it.next(), depth + 1);
      if (it.hasNext()) {
        out.append(itemSeparator);
        newLine(depth + 1);
      }
    }
    newLine(depth);
    out.append(']');
  }

  private void dict(PyDict dict, int depth) {
    if (dict.size() == 0) {
      out.append("{}");
      return;
    }
    out.append('{');
    newLine(depth + 1);
    Iterable<PyDict.Entry> entries = sorted ? dict.sortedEntries() : dict.entries();
    for (Iterator<PyDict.Entry> it = entries.iterator(); it.hasNext(); ) {
      PyDict.Entry entry = it.next();
      string(key(entry.key()));
      out.append(keySeparator);
      append(entry.value(), depth + 1);
      if (it.hasNext()) {
        out.append(itemSeparator);
        newLine(depth + 1);
      }
    }
    newLine(depth);
    out.append('}');
  }

  private static String key(Object key) {
    return switch (key) {
      case String text -> text;
      case Markup markup -> markup.text();
      case Boolean flag -> flag ? "true" : "false";
      case None _ -> "null";
      case Long _, BigInteger _ -> key.toString();
      case Double number -> number(number);
      default ->
          throw JinjaException.type(
              "keys must be str, int, float, bool or None, not %s", Py.typeName(key));
    };
  }

  private void string(String text) {
    out.append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '"' -> out.append("\\\"");
        case '\\' -> out.append("\\\\");
        case '\n' -> out.append("\\n");
        case '\r' -> out.append("\\r");
        case '\t' -> out.append("\\t");
        case '\b' -> out.append("\\b");
        case '\f' -> out.append("\\f");
        default -> {
          if (c < ' ' || (ascii && c > '~')) {
            out.append("\\u%04x".formatted((int) c));
          } else {
            out.append(c);
          }
        }
      }
    }
    out.append('"');
  }
}
