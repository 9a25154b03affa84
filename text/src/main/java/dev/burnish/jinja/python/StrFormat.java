package dev.burnish.jinja.python;

import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// `text.format(...)`, with the attributes that the sandbox allows.
final class StrFormat {
  private static final Pattern SPEC =
      Pattern.compile(
          "(?:(.)?([<>=^]))?([-+ ])?(0)?(\\d*)([_,])?(?:\\.(\\d+))?([a-zA-Z%])?", Pattern.DOTALL);
  private static final Pattern STEP = Pattern.compile("\\.([^.\\[]+)|\\[([^\\]]+)\\]");

  private final String format;
  private final Arguments arguments;
  private int automatic;
  private int at;

  private StrFormat(String format, Arguments arguments) {
    this.format = format;
    this.arguments = arguments;
  }

  static Object format(String text, Arguments arguments) {
    return new StrFormat(text, arguments).run();
  }

  private String run() {
    StringBuilder out = new StringBuilder();
    while (at < format.length()) {
      char c = format.charAt(at++);
      boolean doubled = at < format.length() && format.charAt(at) == c;
      if (c == '{' && !doubled) {
        out.append(field());
      } else if (c == '}' && !doubled) {
        throw JinjaException.value("Single '}' encountered in format string");
      } else {
        at += c == '{' || c == '}' ? 1 : 0;
        out.append(c);
      }
      PyText.requireLength(out.length());
    }
    return out.toString();
  }

  private String field() {
    int end = format.indexOf('}', at);
    if (end < 0) {
      throw JinjaException.value(
          at >= format.length()
              ? "Single '{' encountered in format string"
              : "expected '}' before end of string");
    }
    String field = format.substring(at, end);
    at = end + 1;
    int colon = field.indexOf(':');
    String spec = colon < 0 ? "" : field.substring(colon + 1);
    String name = colon < 0 ? field : field.substring(0, colon);
    if (name.endsWith("!r") || name.endsWith("!s")) {
      Object value = lookUp(name.substring(0, name.length() - 2));
      return apply(name.endsWith("r") ? Repr.of(value) : Repr.str(value), spec);
    }
    return apply(lookUp(name), spec);
  }

  private Object lookUp(String field) {
    int end = 0;
    while (end < field.length() && field.charAt(end) != '.' && field.charAt(end) != '[') {
      end++;
    }
    Object value = argument(field.substring(0, end));
    Matcher step = STEP.matcher(field).region(end, field.length());
    while (step.lookingAt()) {
      String key = step.group(2);
      value =
          key == null
              ? Subscripts.attribute(value, step.group(1))
              : Subscripts.item(value, key.matches("\\d{1,9}") ? (Object) Long.valueOf(key) : key);
      step.region(step.end(), field.length());
    }
    return value;
  }

  private Object argument(String name) {
    if (name.isEmpty() || name.matches("\\d{1,9}")) {
      int index = name.isEmpty() ? automatic++ : Integer.parseInt(name);
      if (index >= arguments.positional().size()) {
        throw JinjaException.of(
            "IndexError",
            "Replacement index %d out of range for positional args tuple".formatted(index));
      }
      return arguments.positional().get(index);
    }
    Object value = arguments.named().get(name);
    if (value == null) {
      throw JinjaException.of("KeyError", Repr.ofString(name));
    }
    return value;
  }

  private static String apply(Object value, String spec) {
    if (spec.isEmpty()) {
      return Repr.str(value);
    }
    Matcher m = SPEC.matcher(spec);
    if (!m.matches()) {
      throw JinjaException.value("Invalid format specifier '%s'", spec);
    }
    char type = m.group(8) == null ? ' ' : m.group(8).charAt(0);
    if (PyNumber.isNumber(value)) {
      return number(value, parsed(m, type, '>'));
    }
    if (!Py.isText(value)) {
      throw JinjaException.type(
          "unsupported format string passed to %s.__format__", Py.typeName(value));
    }
    requireType(type, " s", value);
    return parsed(m, type, '<').text(Repr.str(value));
  }

  private static String number(Object value, FormatSpec spec) {
    if (PyNumber.isInteger(value) && " dxXob".indexOf(spec.type()) >= 0) {
      return spec.whole(PyNumber.big(value));
    }
    requireType(spec.type(), " fFeEgG%", value);
    return spec.floating(PyNumber.toDouble(value));
  }

  private static void requireType(char type, String known, Object value) {
    if (known.indexOf(type) < 0) {
      throw JinjaException.value(
          "Unknown format code '%s' for object of type '%s'", type, Py.typeName(value));
    }
  }

  private static FormatSpec parsed(Matcher m, char type, char otherwise) {
    boolean zeros = m.group(4) != null;
    char align =
        m.group(2) != null ? m.group(2).charAt(0) : zeros && otherwise == '>' ? '=' : otherwise;
    String plus = m.group(3);
    return new FormatSpec(
        align,
        m.group(1) != null ? m.group(1) : zeros ? "0" : " ",
        plus == null || plus.equals("-") ? "" : plus,
        FormatSpec.size(m.group(5)),
        m.group(7) == null ? OptionalInt.empty() : OptionalInt.of(FormatSpec.size(m.group(7))),
        m.group(6) == null ? "" : m.group(6),
        type);
  }
}
