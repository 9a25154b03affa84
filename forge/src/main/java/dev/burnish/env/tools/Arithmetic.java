package dev.burnish.env.tools;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import org.apache.commons.numbers.fraction.BigFraction;

/// The value of one expression of numbers, by recursive descent, as in Python: `-2^2` is -4, `^`
/// and `**` are powers from right to left, `//` and `%` round down.
///
/// Work is bounded: by the length of the expression, its depth, and the bits of every value, which
/// are estimated before a power is computed.
final class Arithmetic {
  private static final int LONGEST = 2_000;
  private static final int DEEPEST = 100;

  private final String text;
  private int at;
  private int depth;

  private Arithmetic(String text) {
    this.text = text;
  }

  /// @throws IllegalArgumentException for the model, if it has no value here
  static String evaluate(String expression) {
    if (expression.length() > LONGEST) {
      throw new IllegalArgumentException(
          "an expression must have at most %d characters, and has %d"
              .formatted(LONGEST, expression.length()));
    }
    String plain =
        expression.replace('×', '*').replace('·', '*').replace('÷', '/').replace('−', '-');
    Arithmetic arithmetic = new Arithmetic(plain.replace("**", "^"));
    BigFraction value = arithmetic.sum();
    arithmetic.skipSpace();
    if (arithmetic.at < arithmetic.text.length()) {
      throw arithmetic.unexpected("an operator");
    }
    return Rationals.text(value);
  }

  private BigFraction sum() {
    BigFraction value = product();
    while (true) {
      if (takes("+")) {
        value = Rationals.bounded(value.add(product()));
      } else if (takes("-")) {
        value = Rationals.bounded(value.subtract(product()));
      } else {
        return value;
      }
    }
  }

  private BigFraction product() {
    BigFraction value = signed();
    while (true) {
      if (takes("*")) {
        value = Rationals.bounded(value.multiply(signed()));
      } else if (takes("//")) {
        value = Rationals.floor(Rationals.quotient(value, signed()));
      } else if (takes("/")) {
        value = Rationals.quotient(value, signed());
      } else if (takes("%")) {
        BigFraction by = signed();
        BigFraction whole = Rationals.floor(Rationals.quotient(value, by));
        value = Rationals.bounded(value.subtract(whole.multiply(by)));
      } else {
        return value;
      }
    }
  }

  private BigFraction signed() {
    if (++depth > DEEPEST) {
      throw new IllegalArgumentException(
          "an expression must not be nested more than %d deep".formatted(DEEPEST));
    }
    try {
      if (takes("-")) {
        return signed().negate();
      }
      return takes("+") ? signed() : power();
    } finally {
      depth--;
    }
  }

  private BigFraction power() {
    BigFraction base = atom();
    return takes("^") ? Rationals.power(base, signed()) : base;
  }

  private BigFraction atom() {
    skipSpace();
    if (takes("(")) {
      BigFraction value = sum();
      require(")");
      return value;
    }
    char next = at < text.length() ? text.charAt(at) : ' ';
    return Character.isLetter(next) ? function() : number();
  }

  private BigFraction function() {
    int start = at;
    while (at < text.length() && Character.isLetter(text.charAt(at))) {
      at++;
    }
    String name = text.substring(start, at);
    require("(");
    List<BigFraction> arguments = new ArrayList<>();
    do {
      arguments.add(sum());
    } while (takes(","));
    require(")");
    return Rationals.apply(name, arguments);
  }

  private BigFraction number() {
    int start = at;
    digits();
    if (at < text.length() && text.charAt(at) == '.') {
      at++;
      digits();
    }
    if (start == at || text.substring(start, at).equals(".")) {
      at = start;
      throw unexpected("a number");
    }
    BigFraction value = decimal(text.substring(start, at));
    return exponentFollows() ? Rationals.scaled(value, exponent()) : value;
  }

  private static BigFraction decimal(String digits) {
    BigDecimal decimal = new BigDecimal(digits);
    return Rationals.bounded(
        BigFraction.of(decimal.unscaledValue(), BigInteger.TEN.pow(decimal.scale())));
  }

  /// Whether `e` and digits follow at once.
  private boolean exponentFollows() {
    int digit = at + 1;
    if (at >= text.length() || Character.toLowerCase(text.charAt(at)) != 'e') {
      return false;
    }
    if (digit < text.length() && "+-".indexOf(text.charAt(digit)) >= 0) {
      digit++;
    }
    return digit < text.length() && isDigit(text.charAt(digit));
  }

  private BigInteger exponent() {
    at++;
    int start = at++;
    digits();
    return new BigInteger(text.substring(start, at));
  }

  private void digits() {
    while (at < text.length() && isDigit(text.charAt(at))) {
      at++;
    }
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }

  private void require(String mark) {
    if (!takes(mark)) {
      throw unexpected(mark);
    }
  }

  private boolean takes(String mark) {
    skipSpace();
    if (!text.startsWith(mark, at)) {
      return false;
    }
    at += mark.length();
    return true;
  }

  private void skipSpace() {
    while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
      at++;
    }
  }

  private IllegalArgumentException unexpected(String expected) {
    String found =
        at < text.length() ? text.substring(at, Math.min(text.length(), at + 10)) : "the end";
    return new IllegalArgumentException(
        "%s must come at character %d, and there is %s".formatted(expected, at + 1, found));
  }
}
