package dev.burnish.text.jinja;

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
  static String digits(double value, char type, int precision, boolean alternate) {
    double magnitude = Math.abs(value);
    boolean upper = Character.isUpperCase(type);
    if (!Double.isFinite(magnitude)) {
      String name = Double.isNaN(magnitude) ? "nan" : "inf";
      return upper ? name.toUpperCase(Locale.ROOT) : name;
    }
    if (precision > MOST_DIGITS) {
      throw JinjaException.value("precision must not exceed %d", MOST_DIGITS);
    }
    BigDecimal exact = new BigDecimal(magnitude);
    String digits =
        switch (Character.toLowerCase(type)) {
          case 'f' -> fixed(exact, precision, alternate);
          case 'e' -> exponent(exact, precision, alternate);
          default -> general(exact, Math.max(1, precision), alternate);
        };
    return upper ? digits.toUpperCase(Locale.ROOT) : digits;
  }

  private static String fixed(BigDecimal value, int precision, boolean alternate) {
    String digits = value.setScale(precision, RoundingMode.HALF_EVEN).toPlainString();
    return alternate && precision == 0 ? digits + "." : digits;
  }

  private static String exponent(BigDecimal value, int precision, boolean alternate) {
    BigDecimal rounded = value.round(new MathContext(precision + 1, RoundingMode.HALF_EVEN));
    int exponent = value.signum() == 0 ? 0 : rounded.precision() - rounded.scale() - 1;
    StringBuilder digits = new StringBuilder(rounded.unscaledValue().toString());
    while (digits.length() < precision + 1) {
      digits.append('0');
    }
    digits.setLength(precision + 1);
    String fraction = precision > 0 ? "." + digits.substring(1) : alternate ? "." : "";
    return digits.charAt(0) + fraction + suffix(exponent);
  }

  private static String suffix(int exponent) {
    return String.format(Locale.ROOT, "e%s%02d", exponent < 0 ? "-" : "+", Math.abs(exponent));
  }

  private static String general(BigDecimal value, int precision, boolean alternate) {
    BigDecimal rounded = value.round(new MathContext(precision, RoundingMode.HALF_EVEN));
    int exponent = value.signum() == 0 ? 0 : rounded.precision() - rounded.scale() - 1;
    if (exponent >= -4 && exponent < precision) {
      return trimmed(fixed(value, Math.max(0, precision - 1 - exponent), false), alternate);
    }
    String digits = exponent(value, precision - 1, false);
    int e = digits.indexOf('e');
    return trimmed(digits.substring(0, e), alternate) + digits.substring(e);
  }

  private static String trimmed(String digits, boolean keep) {
    if (keep || digits.indexOf('.') < 0) {
      return digits;
    }
    String trimmed = digits.replaceAll("0+$", "");
    return trimmed.endsWith(".") ? trimmed.substring(0, trimmed.length() - 1) : trimmed;
  }

  /// The magnitude of a whole number.
  static String digits(BigInteger value, char type, boolean alternate) {
    BigInteger magnitude = value.abs();
    return switch (type) {
      case 'x' -> (alternate ? "0x" : "") + magnitude.toString(16);
      case 'X' -> (alternate ? "0X" : "") + magnitude.toString(16).toUpperCase(Locale.ROOT);
      case 'o' -> (alternate ? "0o" : "") + magnitude.toString(8);
      case 'b' -> (alternate ? "0b" : "") + magnitude.toString(2);
      default -> magnitude.toString();
    };
  }

  /// Puts a separator between groups of digits of the whole part.
  static String grouped(String digits, String separator, int size) {
    int end = 0;
    while (end < digits.length() && Character.digit(digits.charAt(end), 16) >= 0) {
      end++;
    }
    StringBuilder out = new StringBuilder(digits);
    for (int at = end - size; at > 0; at -= size) {
      out.insert(at, separator);
    }
    return out.toString();
  }
}
