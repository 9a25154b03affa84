package dev.burnish.jinja.python;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.Locale;

/// Digits of a number in the notations of `%` and `str.format`; signs are the caller's.
final class NumberFormat {
  private static final int MOST_DIGITS = 10_000;

  private NumberFormat() {}

  /// The magnitude of a float.
  ///
  /// @param type `f`, `e` or `g`, or one of these as a capital
  static String digits(double value, char type, int precision) {
    double magnitude = Math.abs(value);
    if (precision > MOST_DIGITS) {
      throw JinjaException.value("precision must not exceed %d", MOST_DIGITS);
    }
    String digits;
    if (!Double.isFinite(magnitude)) {
      digits = Double.isNaN(magnitude) ? "nan" : "inf";
    } else {
      BigDecimal exact = new BigDecimal(magnitude);
      digits =
          switch (Character.toLowerCase(type)) {
            case 'f' -> fixed(exact, precision);
            case 'e' -> scientific(exact, precision);
            default -> general(exact, Math.max(1, precision));
          };
    }
    return Character.isUpperCase(type) ? digits.toUpperCase(Locale.ROOT) : digits;
  }

  private static String fixed(BigDecimal value, int precision) {
    return value.setScale(precision, RoundingMode.HALF_EVEN).toPlainString();
  }

  private static int exponent(BigDecimal rounded) {
    return rounded.signum() == 0 ? 0 : rounded.precision() - rounded.scale() - 1;
  }

  private static String scientific(BigDecimal value, int precision) {
    BigDecimal rounded = value.round(new MathContext(precision + 1, RoundingMode.HALF_EVEN));
    String unscaled = rounded.unscaledValue().toString();
    String digits = unscaled + "0".repeat(Math.max(0, precision + 1 - unscaled.length()));
    String fraction = precision > 0 ? "." + digits.substring(1, precision + 1) : "";
    return digits.charAt(0) + fraction + exponent(exponent(rounded));
  }

  /// As `e+05`.
  static String exponent(int exponent) {
    return String.format(Locale.ROOT, "e%s%02d", exponent < 0 ? "-" : "+", Math.abs(exponent));
  }

  private static String general(BigDecimal value, int precision) {
    int exponent = exponent(value.round(new MathContext(precision, RoundingMode.HALF_EVEN)));
    if (exponent >= -4 && exponent < precision) {
      return trimmed(fixed(value, Math.max(0, precision - 1 - exponent)));
    }
    String digits = scientific(value, precision - 1);
    int e = digits.indexOf('e');
    return trimmed(digits.substring(0, e)) + digits.substring(e);
  }

  private static String trimmed(String digits) {
    return digits.indexOf('.') < 0 ? digits : digits.replaceAll("\\.?0+$", "");
  }

  /// The magnitude of a whole number.
  static String digits(BigInteger value, char type) {
    BigInteger magnitude = value.abs();
    return switch (type) {
      case 'x' -> magnitude.toString(16);
      case 'X' -> magnitude.toString(16).toUpperCase(Locale.ROOT);
      case 'o' -> magnitude.toString(8);
      case 'b' -> magnitude.toString(2);
      default -> magnitude.toString();
    };
  }

  /// Puts a separator between groups of three digits of the whole part.
  static String grouped(String digits, String separator) {
    int end = 0;
    while (end < digits.length() && Character.isDigit(digits.charAt(end))) {
      end++;
    }
    StringBuilder out = new StringBuilder(digits);
    for (int at = end - 3; at > 0; at -= 3) {
      out.insert(at, separator);
    }
    return out.toString();
  }
}
