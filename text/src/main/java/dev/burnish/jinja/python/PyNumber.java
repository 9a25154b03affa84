package dev.burnish.jinja.python;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.Locale;
import java.util.Optional;

/// Python's numbers: whole ones without bounds (Long where they fit, else BigInteger), floats, and
/// booleans as 0 and 1.
public final class PyNumber {
  private static final int MOST_BITS = 1 << 16;
  private static final int MOST_DIGITS = 4300;

  private PyNumber() {}

  public static boolean isNumber(Object value) {
    return isInteger(value) || value instanceof Double;
  }

  public static boolean isInteger(Object value) {
    return value instanceof Long || value instanceof BigInteger || value instanceof Boolean;
  }

  static boolean isNan(Object value) {
    return value instanceof Double number && Double.isNaN(number);
  }

  public static Object normalized(BigInteger value) {
    requireBits(value.bitLength());
    return value.bitLength() < 64 ? (Object) value.longValue() : value;
  }

  private static void requireBits(long bits) {
    if (bits > MOST_BITS) {
      throw JinjaException.limit("integers must not exceed %d bits", MOST_BITS);
    }
  }

  public static BigInteger big(Object value) {
    return switch (value) {
      case BigInteger big -> big;
      case Long number -> BigInteger.valueOf(number);
      case Boolean flag -> flag ? BigInteger.ONE : BigInteger.ZERO;
      default ->
          throw Undefined.orType(
              value, "'%s' object cannot be interpreted as an integer", Py.typeName(value));
    };
  }

  /// The value as an index or count; too large ones are clamped.
  public static long clamped(Object value) {
    BigInteger big = big(value);
    return big.bitLength() < 64
        ? big.longValue()
        : big.signum() < 0 ? Long.MIN_VALUE : Long.MAX_VALUE;
  }

  /// The value as a small count such as a width.
  public static int count(Object value) {
    return Math.clamp(clamped(value), Integer.MIN_VALUE, Integer.MAX_VALUE);
  }

  public static double toDouble(Object value) {
    if (value instanceof Double number) {
      return number;
    }
    double result = big(value).doubleValue();
    if (Double.isInfinite(result)) {
      throw JinjaException.of("OverflowError", "int too large to convert to float");
    }
    return result;
  }

  static int compare(Object left, Object right) {
    if (left instanceof Long a && right instanceof Long b) {
      return Long.compare(a, b);
    }
    double a = left instanceof Double number ? number : big(left).doubleValue();
    double b = right instanceof Double number ? number : big(right).doubleValue();
    return Double.isInfinite(a) || Double.isInfinite(b)
        ? Double.compare(a, b)
        : exact(left).compareTo(exact(right));
  }

  private static BigDecimal exact(Object value) {
    return value instanceof Double number ? new BigDecimal(number) : new BigDecimal(big(value));
  }

  public static Object arithmetic(String operator, Object left, Object right) {
    if (left instanceof Double || right instanceof Double) {
      return floats(operator, toDouble(left), toDouble(right));
    }
    if (left instanceof Long a && right instanceof Long b && isSmall(a) && isSmall(b)) {
      Optional<Object> result = small(operator, a, b);
      if (result.isPresent()) {
        return result.get();
      }
    }
    return integers(operator, big(left), big(right));
  }

  private static Optional<Object> small(String operator, long left, long right) {
    return switch (operator) {
      case "+" -> Optional.of(left + right);
      case "-" -> Optional.of(left - right);
      case "%" -> right == 0 ? Optional.empty() : Optional.of(Math.floorMod(left, right));
      default -> Optional.empty();
    };
  }

  private static boolean isSmall(long value) {
    return value > -(1L << 62) && value < 1L << 62;
  }

  private static Object integers(String operator, BigInteger left, BigInteger right) {
    return switch (operator) {
      case "+" -> normalized(left.add(right));
      case "-" -> normalized(left.subtract(right));
      case "*" -> {
        requireBits((long) left.bitLength() + right.bitLength());
        yield normalized(left.multiply(right));
      }
      case "/" -> trueDivision(left, right);
      case "//" -> normalized(floorDivision(left, right, "integer division or modulo by zero"));
      case "%" ->
          normalized(
              left.subtract(floorDivision(left, right, "integer modulo by zero").multiply(right)));
      case "**" -> power(left, right);
      default -> throw new IllegalArgumentException(operator);
    };
  }

  private static JinjaException division(String reason) {
    return JinjaException.of("ZeroDivisionError", reason);
  }

  private static Object trueDivision(BigInteger left, BigInteger right) {
    if (right.signum() == 0) {
      throw division("division by zero");
    }
    if (left.bitLength() <= 53 && right.bitLength() <= 53) {
      return left.doubleValue() / right.doubleValue();
    }
    double result =
        new BigDecimal(left).divide(new BigDecimal(right), new MathContext(800)).doubleValue();
    if (Double.isInfinite(result)) {
      throw JinjaException.of("OverflowError", "integer division result too large for a float");
    }
    return result;
  }

  private static BigInteger floorDivision(BigInteger left, BigInteger right, String reason) {
    if (right.signum() == 0) {
      throw division(reason);
    }
    BigInteger[] parts = left.divideAndRemainder(right);
    boolean down = parts[1].signum() != 0 && parts[1].signum() != right.signum();
    return down ? parts[0].subtract(BigInteger.ONE) : parts[0];
  }

  private static Object power(BigInteger base, BigInteger exponent) {
    if (exponent.signum() < 0) {
      return floatPower(base.doubleValue(), exponent.doubleValue());
    }
    // Powers of 0, 1 and -1 stay small whatever the exponent is.
    int times =
        base.abs().bitLength() <= 1
            ? (exponent.signum() == 0 ? 0 : exponent.testBit(0) ? 1 : 2)
            : exponent.min(BigInteger.valueOf(MOST_BITS + 1L)).intValue();
    requireBits(times * (base.abs().bitLength() - 1L));
    return normalized(base.pow(times));
  }

  private static Object floats(String operator, double left, double right) {
    return switch (operator) {
      case "+" -> left + right;
      case "-" -> left - right;
      case "*" -> left * right;
      case "/" -> left / nonZero(right, "float division by zero");
      case "//" -> floorDivision(left, nonZero(right, "float floor division by zero"));
      case "%" -> modulo(left, nonZero(right, "float modulo"));
      case "**" -> floatPower(left, right);
      default -> throw new IllegalArgumentException(operator);
    };
  }

  private static double nonZero(double right, String reason) {
    if (right == 0) {
      throw division(reason);
    }
    return right;
  }

  private static double floorDivision(double left, double right) {
    double quotient = (left - modulo(left, right)) / right;
    double floor = Math.floor(quotient);
    return quotient - floor > 0.5
        ? floor + 1
        : quotient == 0 ? Math.copySign(0, left / right) : floor;
  }

  private static double modulo(double left, double right) {
    double remainder = left % right;
    if (remainder == 0) {
      return Math.copySign(0, right);
    }
    return (remainder < 0) != (right < 0) ? remainder + right : remainder;
  }

  private static Object floatPower(double left, double right) {
    if (left == 0 && right < 0) {
      throw division("0.0 cannot be raised to a negative power");
    }
    if (left < 0 && right != Math.rint(right) && Double.isFinite(right)) {
      throw JinjaException.type("complex numbers are not supported by templates");
    }
    double result = Math.pow(left, right);
    if (Double.isInfinite(result) && Double.isFinite(left) && Double.isFinite(right)) {
      throw JinjaException.of("OverflowError", "(34, 'Numerical result out of range')");
    }
    return Double.isNaN(result) && left == 1 ? 1.0 : result;
  }

  static Object negate(Object value) {
    return value instanceof Double number ? (Object) (-number) : normalized(big(value).negate());
  }

  /// Whole part of a float.
  public static Object truncate(double value) {
    if (Double.isNaN(value)) {
      throw JinjaException.value("cannot convert float NaN to integer");
    }
    if (Double.isInfinite(value)) {
      throw JinjaException.of("OverflowError", "cannot convert float infinity to integer");
    }
    return normalized(new BigDecimal(value).toBigInteger());
  }

  /// The whole number that a text writes in that base, or nothing.
  public static Optional<Object> parseInteger(String text, int base) {
    String digits = PyText.strip(text);
    String sign = digits.startsWith("-") || digits.startsWith("+") ? digits.substring(0, 1) : "";
    digits = digits.substring(sign.length());
    if (base == 16 && digits.matches("0[xX].+")) {
      digits = digits.substring(2);
    }
    boolean plain = digits.matches("[\\p{Nd}a-zA-Z]+(_[\\p{Nd}a-zA-Z]+)*");
    if (base < 2 || base > 36 || !plain || digits.length() > MOST_DIGITS) {
      return Optional.empty();
    }
    try {
      return Optional.of(normalized(new BigInteger(sign + digits.replace("_", ""), base)));
    } catch (NumberFormatException e) {
      return Optional.empty();
    }
  }

  /// The float that a text writes, or nothing.
  public static Optional<Double> parseFloat(String text) {
    String plain = PyText.strip(text).toLowerCase(Locale.ROOT);
    String unsigned = plain.startsWith("-") || plain.startsWith("+") ? plain.substring(1) : plain;
    double sign = plain.startsWith("-") ? -1 : 1;
    String number = "(D(\\.(D)?)?|\\.D)(e[+-]?D)?".replace("D", "\\d+(_\\d+)*");
    return switch (unsigned) {
      case "inf", "infinity" -> Optional.of(sign * Double.POSITIVE_INFINITY);
      case "nan" -> Optional.of(Double.NaN);
      default ->
          unsigned.matches(number)
              ? Optional.of(sign * Double.parseDouble(unsigned.replace("_", "")))
              : Optional.empty();
    };
  }

  /// Rounds as Python's `round`: half to even on the exact value.
  public static Object round(Object value, int digits) {
    if (!(value instanceof Double number)) {
      BigDecimal whole = new BigDecimal(big(value));
      return normalized(
          whole.setScale(Math.clamp(digits, -10_000, 0), RoundingMode.HALF_EVEN).toBigInteger());
    }
    if (!Double.isFinite(number) || digits > 323) {
      return number;
    }
    double result =
        new BigDecimal(number)
            .setScale(Math.max(digits, -400), RoundingMode.HALF_EVEN)
            .doubleValue();
    return result == 0 ? Math.copySign(0, number) : result;
  }
}
