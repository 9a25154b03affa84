package dev.burnish.env.tools;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.Comparator;
import java.util.List;
import org.apache.commons.numbers.fraction.BigFraction;

/// Operations on rational numbers of bounded size.
final class Rationals {
  private static final int MOST_BITS = 8192;
  private static final int MOST_DECIMALS = 30;
  private static final int MOST_EXPONENT = 2000;
  private static final MathContext SHOWN = new MathContext(15, RoundingMode.HALF_EVEN);
  private static final MathContext ROOT = new MathContext(MOST_DECIMALS, RoundingMode.HALF_EVEN);

  private Rationals() {}

  /// A value, if it is not too large.
  static BigFraction bounded(BigFraction value) {
    if (bits(value) > MOST_BITS) {
      throw tooLarge();
    }
    return value;
  }

  private static int bits(BigFraction value) {
    return Math.max(value.getNumerator().bitLength(), value.getDenominator().bitLength());
  }

  private static IllegalArgumentException tooLarge() {
    return new IllegalArgumentException(
        "every value must have at most %d bits: one is larger".formatted(MOST_BITS));
  }

  static BigFraction quotient(BigFraction value, BigFraction by) {
    if (by.signum() == 0) {
      throw new IllegalArgumentException("division by zero");
    }
    return bounded(value.divide(by));
  }

  static BigFraction floor(BigFraction value) {
    BigInteger[] parts = value.getNumerator().divideAndRemainder(value.getDenominator());
    return BigFraction.of(parts[1].signum() < 0 ? parts[0].subtract(BigInteger.ONE) : parts[0]);
  }

  private static BigFraction ceil(BigFraction value) {
    return floor(value.negate()).negate();
  }

  static BigFraction power(BigFraction base, BigFraction exponent) {
    if (!isWhole(exponent)) {
      throw new IllegalArgumentException("an exponent must be a whole number; there is sqrt");
    }
    BigInteger times = exponent.getNumerator();
    if (base.signum() == 0 && times.signum() < 0) {
      throw new IllegalArgumentException("division by zero");
    }
    BigInteger cost = times.abs().multiply(BigInteger.valueOf(bits(base)));
    if (cost.compareTo(BigInteger.valueOf(MOST_BITS)) > 0) {
      throw tooLarge();
    }
    return bounded(base.pow(times.intValueExact()));
  }

  /// A value times a power of ten.
  static BigFraction scaled(BigFraction value, BigInteger exponent) {
    if (exponent.bitLength() > 16 || Math.abs(exponent.intValue()) > MOST_EXPONENT) {
      throw tooLarge();
    }
    BigInteger scale = BigInteger.TEN.pow(Math.abs(exponent.intValue()));
    return bounded(exponent.signum() < 0 ? value.divide(scale) : value.multiply(scale));
  }

  /// A function by its name.
  static BigFraction apply(String name, List<BigFraction> arguments) {
    if (name.equals("min")) {
      return arguments.stream().min(Comparator.naturalOrder()).orElseThrow();
    }
    if (name.equals("max")) {
      return arguments.stream().max(Comparator.naturalOrder()).orElseThrow();
    }
    BigFraction value = arguments.getFirst();
    if (arguments.size() > 1) {
      throw new IllegalArgumentException(name + " must have one argument");
    }
    return switch (name) {
      case "abs" -> value.abs();
      case "floor" -> floor(value);
      case "ceil" -> ceil(value);
      case "round" -> floor(value.add(BigFraction.of(1, 2)));
      case "sqrt" -> root(value);
      default ->
          throw new IllegalArgumentException(
              "there is no function %s; there are sqrt, abs, min, max, floor, ceil, round"
                  .formatted(name));
    };
  }

  /// The square root: exact where it is rational, else of 30 digits.
  private static BigFraction root(BigFraction value) {
    if (value.signum() < 0) {
      throw new IllegalArgumentException("sqrt must have an argument of at least 0");
    }
    BigInteger[] top = value.getNumerator().sqrtAndRemainder();
    BigInteger[] bottom = value.getDenominator().sqrtAndRemainder();
    if (top[1].signum() == 0 && bottom[1].signum() == 0) {
      return BigFraction.of(top[0], bottom[0]);
    }
    BigDecimal root =
        new BigDecimal(value.getNumerator())
            .divide(new BigDecimal(value.getDenominator()), new MathContext(2 * MOST_DECIMALS))
            .sqrt(ROOT);
    BigInteger scale = BigInteger.TEN.pow(Math.abs(root.scale()));
    BigFraction digits = BigFraction.of(root.unscaledValue());
    return root.scale() < 0 ? digits.multiply(scale) : digits.divide(scale);
  }

  private static boolean isWhole(BigFraction value) {
    return value.getDenominator().equals(BigInteger.ONE);
  }

  /// A whole number or a decimal where it is one of at most 30 places, else a fraction and its
  /// first digits; a fraction that is longer than people read is left out.
  static String text(BigFraction value) {
    if (isWhole(value)) {
      return value.getNumerator().toString();
    }
    BigDecimal top = new BigDecimal(value.getNumerator());
    BigDecimal bottom = new BigDecimal(value.getDenominator());
    BigDecimal decimal = top.divide(bottom, MOST_DECIMALS, RoundingMode.DOWN);
    if (decimal.multiply(bottom).compareTo(top) == 0) {
      return decimal.stripTrailingZeros().toPlainString();
    }
    String about = top.divide(bottom, SHOWN).toString();
    String exact = value.getNumerator() + "/" + value.getDenominator();
    return exact.length() > 2 * MOST_DECIMALS ? "about " + about : exact + ", about " + about;
  }
}
