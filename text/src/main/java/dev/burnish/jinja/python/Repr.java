package dev.burnish.jinja.python;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;

/// Python's `repr` and `str`.
public final class Repr {
  private static final int DEEPEST = 500;
  private static final int MOST_DIGITS = 4300;

  private final StringBuilder out = new StringBuilder();

  private Repr() {}

  public static String of(Object value) {
    Repr repr = new Repr();
    repr.append(value, 0);
    return repr.out.toString();
  }

  /// The text that printing the value gives.
  public static String str(Object value) {
    return switch (value) {
      case String text -> text;
      case Markup markup -> markup.text();
      case Undefined _ -> "";
      default -> of(value);
    };
  }

  private void append(Object value, int depth) {
    if (depth > DEEPEST) {
      throw JinjaException.recursion("values must not nest deeper than " + DEEPEST);
    }
    PyText.requireLength(out.length());
    switch (value) {
      case String text -> out.append(ofString(text));
      case Markup markup -> out.append("Markup(").append(ofString(markup.text())).append(')');
      case Boolean flag -> out.append(flag ? "True" : "False");
      case None _ -> out.append("None");
      case Double number -> out.append(ofDouble(number));
      case BigInteger number -> out.append(ofInteger(number));
      case Undefined _ -> out.append("Undefined");
      case PyList list -> sequence("[", list.items(), "]", depth);
      case PyTuple tuple ->
          sequence("(", tuple.items(), tuple.items().size() == 1 ? ",)" : ")", depth);
      case PyDict dict -> dict(dict, depth);
      case DictView view -> sequence(view.type() + "([", view.items(), "])", depth);
      case Namespace namespace -> {
        out.append("<Namespace ");
        dict(namespace.attributes(), depth);
        out.append('>');
      }
      case PyIterator _ -> out.append("<generator object>");
      case Function function -> out.append(function.repr());
      default -> out.append(value);
    }
  }

  private static String ofInteger(BigInteger number) {
    String digits = number.toString();
    if (digits.length() > MOST_DIGITS) {
      throw JinjaException.value(
          "Exceeds the limit (%d digits) for integer string conversion", MOST_DIGITS);
    }
    return digits;
  }

  private void sequence(String open, List<Object> items, String close, int depth) {
    out.append(open);
    for (Iterator<Object> it = items.iterator(); it.hasNext(); ) {
      append(it.next(), depth + 1);
      out.append(it.hasNext() ? ", " : "");
    }
    out.append(close);
  }

  private void dict(PyDict dict, int depth) {
    out.append('{');
    String separator = "";
    for (PyDict.Entry entry : dict.entries()) {
      out.append(separator);
      append(entry.key(), depth + 1);
      out.append(": ");
      append(entry.value(), depth + 1);
      separator = ", ";
    }
    out.append('}');
  }

  public static String ofString(String text) {
    char quote = text.indexOf('\'') >= 0 && text.indexOf('"') < 0 ? '"' : '\'';
    StringBuilder out = new StringBuilder(text.length() + 2).append(quote);
    text.codePoints().forEach(c -> character(c, quote, out));
    return out.append(quote).toString();
  }

  private static void character(int c, char quote, StringBuilder out) {
    switch (c) {
      case '\n' -> out.append("\\n");
      case '\r' -> out.append("\\r");
      case '\t' -> out.append("\\t");
      case '\\' -> out.append("\\\\");
      default -> {
        if (c == quote) {
          out.append('\\').append(quote);
        } else if (isPrintable(c)) {
          out.appendCodePoint(c);
        } else {
          String form = c < 0x100 ? "\\x%02x" : c < 0x10000 ? "\\u%04x" : "\\U%08x";
          out.append(String.format(Locale.ROOT, form, c));
        }
      }
    }
  }

  private static boolean isPrintable(int c) {
    return switch (Character.getType(c)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.SURROGATE,
          Character.PRIVATE_USE,
          Character.UNASSIGNED,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR ->
          false;
      case Character.SPACE_SEPARATOR -> c == ' ';
      default -> true;
    };
  }

  /// The shortest decimal that reads back as the value. Java writes two digits where one would do.
  private static BigDecimal shortest(double value) {
    BigDecimal decimal = new BigDecimal(Double.toString(value)).stripTrailingZeros();
    if (decimal.precision() == 2) {
      BigDecimal single = decimal.round(new MathContext(1));
      return single.doubleValue() == value ? single.stripTrailingZeros() : decimal;
    }
    return decimal;
  }

  static String ofDouble(double value) {
    if (Double.isNaN(value)) {
      return "nan";
    }
    if (Double.isInfinite(value)) {
      return value > 0 ? "inf" : "-inf";
    }
    if (value == 0) {
      return 1 / value < 0 ? "-0.0" : "0.0";
    }
    BigDecimal shortest = shortest(value);
    String digits = shortest.unscaledValue().abs().toString();
    int exponent = digits.length() - shortest.scale() - 1;
    String sign = value < 0 ? "-" : "";
    if (exponent >= -4 && exponent < 16) {
      String plain = shortest.abs().toPlainString();
      return sign + plain + (plain.indexOf('.') < 0 ? ".0" : "");
    }
    String fraction = digits.length() > 1 ? "." + digits.substring(1) : "";
    return sign + digits.charAt(0) + fraction + NumberFormat.exponent(exponent);
  }
}
