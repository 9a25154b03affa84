package dev.burnish.text.jinja;

import dev.burnish.text.jinja.Value.DictView;
import dev.burnish.text.jinja.Value.Function;
import dev.burnish.text.jinja.Value.Markup;
import dev.burnish.text.jinja.Value.Namespace;
import dev.burnish.text.jinja.Value.None;
import dev.burnish.text.jinja.Value.PyDict;
import dev.burnish.text.jinja.Value.PyIterator;
import dev.burnish.text.jinja.Value.PyList;
import dev.burnish.text.jinja.Value.PyRange;
import dev.burnish.text.jinja.Value.PyTuple;
import dev.burnish.text.jinja.Value.Undefined;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.util.Iterator;
import java.util.Locale;

/// Python's `repr` and `str`.
final class Repr {
  private static final int DEEPEST = 500;
  private static final int MOST_DIGITS = 4300;

  private final StringBuilder out = new StringBuilder();

  private final boolean sorted;

  private Repr(boolean sorted) {
    this.sorted = sorted;
  }

  static String of(Object value) {
    return of(value, false);
  }

  /// Like [#of], with the keys of each dict in order where they have one.
  static String sorted(Object value) {
    return of(value, true);
  }

  private static String of(Object value, boolean sorted) {
    Repr repr = new Repr(sorted);
    repr.append(value, 0);
    return repr.out.toString();
  }

  /// What printing the value gives.
  static String str(Object value) {
    return switch (value) {
      case String text -> text;
      case Markup markup -> markup.text();
      case Undefined _ -> "";
      default -> of(value);
    };
  }

  private void append(Object value, int depth) {
    if (depth > DEEPEST) {
      throw JinjaException.of("RecursionError", "values must not nest deeper than " + DEEPEST);
    }
    if (out.length() > Limits.LONGEST_TEXT) {
      throw JinjaException.limit("texts must not exceed %d characters", Limits.LONGEST_TEXT);
    }
    switch (value) {
      case String text -> out.append(ofString(text));
      case Markup markup -> out.append("Markup(").append(ofString(markup.text())).append(')');
      case Boolean flag -> out.append(flag ? "True" : "False");
      case None _ -> out.append("None");
      case Double number -> out.append(ofDouble(number));
      case BigInteger number -> out.append(ofInteger(number));
      case Undefined _ -> out.append("Undefined");
      case PyList list -> sequence("[", list.items().iterator(), "]", depth);
      case PyTuple tuple ->
          sequence("(", tuple.items().iterator(), tuple.items().size() == 1 ? ",)" : ")", depth);
      case PyDict dict -> dict(dict, depth);
      case DictView view -> {
        switch (view.kind()) {
          case KEYS -> out.append("dict_keys(");
          case VALUES -> out.append("dict_values(");
          case ITEMS -> out.append("dict_items(");
        }
        sequence("[", view.dict().iterator(view.kind()), "])", depth);
      }
      case PyRange range -> {
        out.append("range(").append(range.start()).append(", ").append(range.stop());
        out.append(range.step() == 1 ? ")" : ", " + range.step() + ")");
      }
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

  private void sequence(String open, Iterator<Object> items, String close, int depth) {
    out.append(open);
    while (items.hasNext()) {
      append(items.next(), depth + 1);
      out.append(items.hasNext() ? ", " : "");
    }
    out.append(close);
  }

  private void dict(PyDict dict, int depth) {
    out.append('{');
    String separator = "";
    for (PyDict.Entry entry : sorted ? dict.sortedEntries() : dict.entries()) {
      out.append(separator);
      append(entry.key(), depth + 1);
      out.append(": ");
      append(entry.value(), depth + 1);
      separator = ", ";
    }
    out.append('}');
  }

  static String ofString(String text) {
    char quote = text.indexOf('\'') >= 0 && text.indexOf('"') < 0 ? '"' : '\'';
    StringBuilder out = new StringBuilder(text.length() + 2).append(quote);
    for (int i = 0; i < text.length(); ) {
      int c = text.codePointAt(i);
      i += Character.charCount(c);
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
            out.append(
                c < 0x100
                    ? "\\x%02x".formatted(c)
                    : c < 0x10000 ? "\\u%04x".formatted(c) : "\\U%08x".formatted(c));
          }
        }
      }
    }
    return out.append(quote).toString();
  }

  static boolean isPrintable(int c) {
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
    return String.format(
        Locale.ROOT,
        "%s%s%se%s%02d",
        sign,
        digits.charAt(0),
        fraction,
        exponent < 0 ? "-" : "+",
        Math.abs(exponent));
  }
}
