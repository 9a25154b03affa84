package dev.burnish.text.jinja;

import dev.burnish.text.jinja.Value.PyDict;
import java.math.BigInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// `text.format(...)`, with the attributes that the sandbox allows.
final class StrFormat {
  private static final Pattern SPEC =
      Pattern.compile(
          "(?:(.)?([<>=^]))?([-+ ])?(z)?(#)?(0)?(\\d{0,8})([_,])?(?:\\.(\\d{1,8}))?([a-zA-Z%])?",
          Pattern.DOTALL);
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
    return new StrFormat(text, arguments).run(0);
  }

  static Object formatMap(String text, Arguments arguments) {
    if (!(arguments.bind("format_map", "mapping").required(0) instanceof PyDict dict)) {
      throw JinjaException.type("format_map() takes a mapping");
    }
    Arguments named = Arguments.NONE;
    for (PyDict.Entry entry : dict.entries()) {
      named = named.with(Repr.str(entry.key()), entry.value());
    }
    return new StrFormat(text, named).run(0);
  }

  /// Formats up to the end, or within a field's spec up to its closing brace.
  private String run(int depth) {
    if (depth > 2) {
      throw JinjaException.value("Max string recursion exceeded");
    }
    StringBuilder out = new StringBuilder();
    while (at < format.length()) {
      char c = format.charAt(at++);
      boolean doubled = at < format.length() && format.charAt(at) == c;
      if (c == '{' && !(doubled && depth == 0)) {
        out.append(field(depth));
      } else if (c == '}' && depth > 0) {
        at--;
        return out.toString();
      } else if (c == '}' && !doubled) {
        throw JinjaException.value("Single '}' encountered in format string");
      } else {
        at += c == '{' || c == '}' ? 1 : 0;
        out.append(c);
      }
      Operators.length(1, out.length());
    }
    if (depth > 0) {
      throw JinjaException.value("expected '}' before end of string");
    }
    return out.toString();
  }

  private String field(int depth) {
    int start = at;
    int brackets = 0;
    while (at < format.length()) {
      char c = format.charAt(at);
      brackets += c == '[' ? 1 : c == ']' ? -1 : 0;
      if (brackets <= 0 && (c == '!' || c == ':' || c == '}')) {
        break;
      }
      at++;
    }
    if (at >= format.length()) {
      throw JinjaException.value(
          start >= format.length()
              ? "Single '{' encountered in format string"
              : "expected '}' before end of string");
    }
    Object value = lookUp(format.substring(start, at));
    if (format.charAt(at) == '!') {
      value = converted(value);
    }
    String spec = "";
    if (at < format.length() && format.charAt(at) == ':') {
      at++;
      spec = run(depth + 1);
    }
    if (at >= format.length() || format.charAt(at) != '}') {
      throw JinjaException.value("expected '}' before end of string");
    }
    at++;
    return apply(value, spec);
  }

  private Object converted(Object value) {
    char kind = at + 1 < format.length() ? format.charAt(at + 1) : '}';
    at += 2;
    return switch (kind) {
      case 's' -> Repr.str(value);
      case 'r' -> Repr.of(value);
      case 'a' -> Json.ascii(Repr.of(value));
      default -> throw JinjaException.value("Unknown conversion specifier '%s'", kind);
    };
  }

  private Object lookUp(String field) {
    int end = 0;
    while (end < field.length() && field.charAt(end) != '.' && field.charAt(end) != '[') {
      end++;
    }
    Object value = argument(field.substring(0, end));
    Matcher step = STEP.matcher(field);
    step.region(end, field.length());
    while (step.lookingAt()) {
      if (step.group(1) != null) {
        value = Subscripts.attribute(value, step.group(1));
      } else {
        String key = step.group(2);
        value = Subscripts.item(value, key.matches("\\d{1,9}") ? (Object) Long.valueOf(key) : key);
      }
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
    boolean number = PyNumber.isNumber(value) && !"s".equals(m.group(10));
    if (!number && !Py.isText(value) && !(value instanceof Boolean)) {
      throw JinjaException.type(
          "unsupported format string passed to %s.__format__", Py.typeName(value));
    }
    return number ? number(value, m) : text(Repr.str(value), m);
  }

  private static String text(String text, Matcher m) {
    if (m.group(10) != null && !m.group(10).equals("s")) {
      throw JinjaException.value("Unknown format code '%s' for object of type 'str'", m.group(10));
    }
    int precision = m.group(9) == null ? Integer.MAX_VALUE : Integer.parseInt(m.group(9));
    String shown = precision < PyText.length(text) ? PyText.substring(text, 0, precision) : text;
    return align(shown, "", m, "<");
  }

  private static String align(String body, String head, Matcher m, String otherwise) {
    int width = m.group(7).isEmpty() ? 0 : Integer.parseInt(m.group(7));
    boolean zeros = m.group(6) != null && m.group(2) == null;
    String align =
        m.group(2) != null ? m.group(2) : zeros && !otherwise.equals("<") ? "=" : otherwise;
    String fill = m.group(1) != null ? m.group(1) : m.group(6) != null ? "0" : " ";
    return switch (align) {
      case "<" -> StringMethods.pad("ljust", head + body, width, fill);
      case ">" -> StringMethods.pad("rjust", head + body, width, fill);
      case "=" -> head + StringMethods.pad("rjust", body, width - head.length(), fill);
      default -> {
        String all = head + body;
        int missing = Math.max(0, width - PyText.length(all));
        Operators.length(fill.length(), missing);
        yield fill.repeat(missing / 2) + all + fill.repeat(missing - missing / 2);
      }
    };
  }

  private static String number(Object value, Matcher m) {
    boolean alternate = m.group(5) != null;
    char type = m.group(10) == null ? '\0' : m.group(10).charAt(0);
    boolean whole = PyNumber.isInteger(value) && (type == '\0' || "dxXobnc".indexOf(type) >= 0);
    String digits;
    String prefix = "";
    boolean negative;
    if (whole) {
      BigInteger big = PyNumber.big(value);
      negative = big.signum() < 0;
      if (type == 'c') {
        return align(Character.toString(PyNumber.count(value)), "", m, "<");
      }
      digits = NumberFormat.digits(big, type, false);
      prefix = alternate && "xXob".indexOf(type) >= 0 ? "0" + type : "";
    } else {
      double number = PyNumber.toDouble(value);
      negative = number < 0 || (number == 0 && 1 / number < 0);
      digits = floating(number, type, m, alternate);
    }
    if (m.group(8) != null) {
      digits = NumberFormat.grouped(digits, m.group(8), "xXob".indexOf(type) >= 0 ? 4 : 3);
    }
    String plus = m.group(3) == null || m.group(3).equals("-") ? "" : m.group(3);
    return align(digits, (negative ? "-" : plus) + prefix, m, ">");
  }

  private static String floating(double number, char type, Matcher m, boolean alternate) {
    String precision = m.group(9);
    int digits = precision == null ? 6 : Integer.parseInt(precision);
    return switch (type) {
      case '\0' -> {
        if (precision == null) {
          yield Repr.ofDouble(Math.abs(number));
        }
        String general = NumberFormat.digits(number, 'g', digits, alternate);
        yield general.matches("\\d+") ? general + ".0" : general;
      }
      case 'f', 'F', 'e', 'E', 'g', 'G' -> NumberFormat.digits(number, type, digits, alternate);
      case 'n' -> NumberFormat.digits(number, 'g', digits, alternate);
      case '%' -> NumberFormat.digits(number * 100, 'f', digits, alternate) + "%";
      default ->
          throw JinjaException.value("Unknown format code '%s' for object of type 'float'", type);
    };
  }
}
