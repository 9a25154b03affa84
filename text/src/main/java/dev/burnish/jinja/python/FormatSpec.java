package dev.burnish.jinja.python;

import java.math.BigInteger;
import java.util.OptionalInt;

/// The format of one value, as in both `%` and `str.format`.
///
/// @param align `<`, `>`, `^`, or `=` for a fill between sign and digits
/// @param fill one character
/// @param sign what stands before numbers that are not negative
/// @param grouping what stands between thousands, mostly nothing
/// @param type a letter of Python's, or a blank for the type that fits
record FormatSpec(
    char align,
    String fill,
    String sign,
    int width,
    OptionalInt precision,
    String grouping,
    char type) {

  /// A width or precision; 0 where no digits stand.
  static int size(String digits) {
    if (digits.length() > 8) {
      PyText.requireLength(Long.MAX_VALUE);
    }
    return digits.isEmpty() ? 0 : Integer.parseInt(digits);
  }

  String text(String text) {
    int length = PyText.length(text);
    int most = precision.orElse(length);
    return aligned("", most < length ? PyText.substring(text, 0, most) : text);
  }

  /// A whole number, as it is or in another base.
  String whole(BigInteger number) {
    return signed(number.signum() < 0, NumberFormat.digits(number, type));
  }

  String floating(double number) {
    boolean negative = number < 0 || (number == 0 && 1 / number < 0);
    int digits = precision.orElse(6);
    return signed(
        negative,
        switch (type) {
          case ' ' -> shortest(number);
          case '%' -> NumberFormat.digits(number * 100, 'f', digits) + "%";
          default -> NumberFormat.digits(number, type, digits);
        });
  }

  private String shortest(double number) {
    if (precision.isEmpty()) {
      return Repr.ofDouble(Math.abs(number));
    }
    String general = NumberFormat.digits(number, 'g', precision.getAsInt());
    return general.matches("\\d+") ? general + ".0" : general;
  }

  private String signed(boolean negative, String digits) {
    return aligned(negative ? "-" : sign, NumberFormat.grouped(digits, grouping));
  }

  private String aligned(String head, String body) {
    return switch (align) {
      case '<' -> PyText.pad(head + body, PyText.Side.LEFT, width, fill);
      case '=' -> head + PyText.pad(body, PyText.Side.RIGHT, width - head.length(), fill);
      case '^' -> centered(head + body);
      default -> PyText.pad(head + body, PyText.Side.RIGHT, width, fill);
    };
  }

  /// A format puts the odd character to the right, always; `str.center` does not.
  private String centered(String text) {
    int left = Math.max(0, width - PyText.length(text)) / 2;
    return PyText.pad(PyText.repeated(fill, left) + text, PyText.Side.LEFT, width, fill);
  }
}
