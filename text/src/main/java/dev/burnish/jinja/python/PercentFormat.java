package dev.burnish.jinja.python;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// `text % values`: printf-style formatting.
public final class PercentFormat {
  private static final Pattern CONVERSION =
      Pattern.compile("(?:\\(([^)]*)\\))?([0\\- +]*)(\\d*)(?:\\.(\\d*))?([a-zA-Z%])");

  private final boolean markup;
  private final Object values;
  private final List<Object> positional;
  private int used;

  private PercentFormat(Object format, Object values) {
    this.markup = format instanceof Markup;
    this.values = values;
    this.positional = values instanceof PyTuple tuple ? tuple.items() : List.of(values);
  }

  /// @param format a string or markup
  /// @param values a tuple, a dict for names, or the one value
  public static Object format(Object format, Object values) {
    String text = new PercentFormat(format, values).run(Py.text(format).orElseThrow());
    return format instanceof Markup ? new Markup(text) : text;
  }

  private String run(String format) {
    StringBuilder out = new StringBuilder();
    Matcher conversion = CONVERSION.matcher(format);
    boolean keyed = false;
    int at = 0;
    for (int next = format.indexOf('%'); next >= 0; next = format.indexOf('%', at)) {
      out.append(format, at, next);
      conversion.region(next + 1, format.length());
      if (!conversion.lookingAt()) {
        throw JinjaException.value("unsupported format at index %d", next);
      }
      keyed |= conversion.group(1) != null;
      out.append(converted(conversion));
      PyText.requireLength(out.length());
      at = conversion.end();
    }
    boolean leftOver = used < positional.size() && !(values instanceof PyDict);
    if (!keyed && leftOver && !(values instanceof PyList) && !(values instanceof Undefined)) {
      throw JinjaException.type("not all arguments converted during string formatting");
    }
    return PyText.checked(out.append(format, at, format.length()).toString());
  }

  private Object next(Optional<String> key) {
    if (key.isEmpty()) {
      if (used >= positional.size()) {
        throw JinjaException.type("not enough arguments for format string");
      }
      return positional.get(used++);
    }
    if (!(values instanceof PyDict dict)) {
      throw JinjaException.type("format requires a mapping");
    }
    return dict.get(key.get())
        .orElseThrow(() -> JinjaException.of("KeyError", Repr.ofString(key.get())));
  }

  private String converted(Matcher m) {
    char type = m.group(5).charAt(0);
    if (type == '%') {
      return "%";
    }
    Object value = next(Optional.ofNullable(m.group(1)));
    return switch (type) {
      case 's' -> spec(m, ' ').text(markup ? PyText.escaped(value) : Repr.str(value));
      case 'r' -> spec(m, ' ').text(Repr.of(value));
      case 'd', 'i', 'u' -> {
        Object number = required(PyNumber.isNumber(value), value, type, "a real number");
        Object whole = number instanceof Double real ? PyNumber.truncate(real) : number;
        yield spec(m, 'd').whole(PyNumber.big(whole));
      }
      case 'x', 'X', 'o' -> {
        Object whole = required(PyNumber.isInteger(value), value, type, "an integer");
        yield spec(m, type).whole(PyNumber.big(whole));
      }
      case 'e', 'E', 'f', 'F', 'g', 'G' -> {
        Object number = required(PyNumber.isNumber(value), value, type, "a real number");
        yield spec(m, type).floating(PyNumber.toDouble(number));
      }
      default ->
          throw JinjaException.value("unsupported format character '%s' (0x%x)", type, (int) type);
    };
  }

  private static Object required(boolean fits, Object value, char type, String what) {
    if (!fits) {
      throw Undefined.orType(
          value, "%%%s format: %s is required, not %s", type, what, Py.typeName(value));
    }
    return value;
  }

  private static FormatSpec spec(Matcher m, char type) {
    String flags = m.group(2);
    boolean zeros = flags.contains("0") && type != ' ' && !flags.contains("-");
    String precision = m.group(4);
    return new FormatSpec(
        flags.contains("-") ? '<' : zeros ? '=' : '>',
        zeros ? "0" : " ",
        flags.contains("+") ? "+" : flags.contains(" ") ? " " : "",
        FormatSpec.size(m.group(3)),
        precision == null ? OptionalInt.empty() : OptionalInt.of(FormatSpec.size(precision)),
        "",
        type);
  }
}
