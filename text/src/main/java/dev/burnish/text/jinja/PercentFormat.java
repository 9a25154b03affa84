package dev.burnish.text.jinja;

import dev.burnish.text.jinja.Value.Markup;
import dev.burnish.text.jinja.Value.PyDict;
import dev.burnish.text.jinja.Value.PyList;
import dev.burnish.text.jinja.Value.PyRange;
import dev.burnish.text.jinja.Value.PyTuple;
import dev.burnish.text.jinja.Value.Undefined;
import java.util.List;

/// `text % values`: printf-style formatting.
final class PercentFormat {
  private final String format;
  private final boolean markup;
  private final Object values;
  private final List<Object> positional;
  private final StringBuilder out = new StringBuilder();
  private int at;
  private int used;
  private boolean keyed;

  private PercentFormat(Object format, Object values) {
    this.format = Py.text(format).orElseThrow();
    this.markup = format instanceof Markup;
    this.values = values;
    this.positional = values instanceof PyTuple tuple ? tuple.items() : List.of(values);
  }

  static Object format(Object format, Object values) {
    String text = new PercentFormat(format, values).run();
    return format instanceof Markup ? new Markup(text) : text;
  }

  private String run() {
    while (at < format.length()) {
      char c = format.charAt(at++);
      if (c != '%') {
        out.append(c);
      } else if (at < format.length() && format.charAt(at) == '%') {
        out.append('%');
        at++;
      } else {
        conversion();
      }
      Operators.length(1, out.length());
    }
    if (!keyed && used < positional.size() && !isMapping()) {
      throw JinjaException.type("not all arguments converted during string formatting");
    }
    return out.toString();
  }

  /// What Python takes for a mapping, by the way that it has items: it may be left over.
  private boolean isMapping() {
    return values instanceof PyDict
        || values instanceof PyList
        || values instanceof PyRange
        || values instanceof Undefined;
  }

  private record Spec(String flags, int width, int precision) {
    boolean has(char flag) {
      return flags.indexOf(flag) >= 0;
    }
  }

  private void conversion() {
    Object keyedValue = null;
    if (at < format.length() && format.charAt(at) == '(') {
      int end = format.indexOf(')', at);
      if (end < 0) {
        throw JinjaException.value("incomplete format key");
      }
      String key = format.substring(at + 1, end);
      at = end + 1;
      keyed = true;
      if (!(values instanceof PyDict dict)) {
        throw JinjaException.type("format requires a mapping");
      }
      keyedValue =
          dict.get(key).orElseThrow(() -> JinjaException.of("KeyError", Repr.ofString(key)));
    }
    int start = at;
    while (at < format.length() && "#0- +".indexOf(format.charAt(at)) >= 0) {
      at++;
    }
    String flags = format.substring(start, at);
    int width = number();
    if (width == STAR) {
      width = PyNumber.count(next());
      if (width < 0) {
        flags += "-";
        width = -width;
      }
    }
    int precision = -1;
    if (at < format.length() && format.charAt(at) == '.') {
      at++;
      precision = number();
      precision = precision == STAR ? Math.max(0, PyNumber.count(next())) : Math.max(0, precision);
    }
    while (at < format.length() && "hlL".indexOf(format.charAt(at)) >= 0) {
      at++;
    }
    if (at >= format.length()) {
      throw JinjaException.value("incomplete format");
    }
    char type = format.charAt(at++);
    Object value = keyedValue == null ? next() : keyedValue;
    convert(new Spec(flags, width, precision), type, value);
  }

  private static final int STAR = -2;

  private int number() {
    if (at < format.length() && format.charAt(at) == '*') {
      at++;
      return STAR;
    }
    int start = at;
    while (at < format.length() && Character.isDigit(format.charAt(at))) {
      at++;
    }
    if (at - start > 8) {
      throw JinjaException.limit("texts must not exceed %d characters", Limits.LONGEST_TEXT);
    }
    return start == at ? -1 : Integer.parseInt(format, start, at, 10);
  }

  private Object next() {
    if (used >= positional.size()) {
      throw JinjaException.type("not enough arguments for format string");
    }
    return positional.get(used++);
  }

  private void convert(Spec spec, char type, Object value) {
    switch (type) {
      case 's' -> text(spec, markup ? Operators.escaped(value) : Repr.str(value));
      case 'r' -> text(spec, Repr.of(value));
      case 'a' -> text(spec, Json.ascii(Repr.of(value)));
      case 'c' -> text(spec, character(value));
      case 'd', 'i', 'u' -> {
        if (!PyNumber.isNumber(value)) {
          throw required(type, "a real number", value);
        }
        Object whole = value instanceof Double number ? PyNumber.truncate(number) : value;
        whole(spec, 'd', whole);
      }
      case 'x', 'X', 'o' -> {
        if (!PyNumber.isInteger(value)) {
          throw required(type, "an integer", value);
        }
        whole(spec, type, value);
      }
      case 'e', 'E', 'f', 'F', 'g', 'G' -> {
        if (!PyNumber.isNumber(value)) {
          throw value instanceof Undefined undefined
              ? undefined.failure()
              : JinjaException.type("must be real number, not %s", Py.typeName(value));
        }
        double number = PyNumber.toDouble(value);
        int precision = spec.precision() < 0 ? 6 : spec.precision();
        String digits = NumberFormat.digits(number, type, precision, spec.has('#'));
        boolean negative = number < 0 || (number == 0 && 1 / number < 0);
        number(spec, negative, "", digits, Double.isFinite(number));
      }
      default ->
          throw JinjaException.value(
              "unsupported format character '%s' (0x%x) at index %d", type, (int) type, at - 1);
    }
  }

  private static JinjaException required(char type, String what, Object value) {
    return value instanceof Undefined undefined
        ? undefined.failure()
        : JinjaException.type(
            "%%%s format: %s is required, not %s", type, what, Py.typeName(value));
  }

  private static String character(Object value) {
    if (PyNumber.isInteger(value)) {
      return Character.toString(PyNumber.count(value));
    }
    return Py.text(value)
        .filter(text -> PyText.length(text) == 1)
        .orElseThrow(() -> JinjaException.type("%%c requires int or char"));
  }

  private void text(Spec spec, String text) {
    boolean cut = spec.precision() >= 0 && spec.precision() < PyText.length(text);
    String shown = cut ? PyText.substring(text, 0, spec.precision()) : text;
    out.append(StringMethods.pad(spec.has('-') ? "ljust" : "rjust", shown, spec.width(), " "));
  }

  private void whole(Spec spec, char type, Object value) {
    String digits = NumberFormat.digits(PyNumber.big(value), type, false);
    String prefix = spec.has('#') && type != 'd' ? "0" + type : "";
    if (spec.precision() > 0) {
      digits = StringMethods.pad("rjust", digits, spec.precision(), "0");
    }
    number(spec, PyNumber.big(value).signum() < 0, prefix, digits, true);
  }

  private void number(Spec spec, boolean negative, String prefix, String digits, boolean finite) {
    String sign = negative ? "-" : spec.has('+') ? "+" : spec.has(' ') ? " " : "";
    String head = sign + prefix;
    if (spec.has('-')) {
      out.append(StringMethods.pad("ljust", head + digits, spec.width(), " "));
    } else if (spec.has('0') && finite) {
      out.append(head)
          .append(StringMethods.pad("rjust", digits, spec.width() - head.length(), "0"));
    } else {
      out.append(StringMethods.pad("rjust", head + digits, spec.width(), " "));
    }
  }
}
