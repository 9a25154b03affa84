package dev.burnish.text.jinja;

import dev.burnish.text.jinja.Value.Undefined;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;

/// Python's numbers: whole ones without bounds (Long where they fit, else BigInteger), floats, and
/// booleans as 0 and 1.
final class PyNumber {
  private static final int MOST_BITS = 1 << 16;

  private PyNumber() {}

  static boolean isNumber(Object value) {
    return isInteger(value) || value instanceof Double;
  }

  static boolean isInteger(Object value) {
    return value instanceof Long || value instanceof BigInteger || value instanceof Boolean;
  }

  static Object normalized(BigInteger value) {
    if (value.bitLength() > MOST_BITS) {
      throw JinjaException.limit("integers must not exceed %d bits", MOST_BITS);
    }
    return value.bitLength() < 64 ? (Object) value.longValue() : value;
  }

  static BigInteger big(Object value) {
    return switch (value) {
      case BigInteger big -> big;
      case Long number -> BigInteger.valueOf(number);
      case Boolean flag -> flag ? BigInteger.ONE : BigInteger.ZERO;
      default -> throw notInteger(value);
    };
  }

  private static JinjaException notInteger(Object value) {
    return value instanceof Undefined undefined
        ? undefined.failure()
        : JinjaException.type(
            "'%s' object cannot be interpreted as an integer", Py.typeName(value));
  }

  /// The value as an index or count; too large ones are clamped.
  static long clamped(Object value) {
    BigInteger big = big(value);
    return big.bitLength() < 64
        ? big.longValue()
        : big.signum() < 0 ? Long.MIN_VALUE : Long.MAX_VALUE;
  }

  /// The value as a small count such as a width.
  static int count(Object value) {
    return Math.clamp(clamped(value), Integer.MIN_VALUE, Integer.MAX_VALUE);
  }

  static double toDouble(Object value) {
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
    if (isInteger(left) && isInteger(right)) {
      return big(left).compareTo(big(right));
    }
    double a = left instanceof Double number ? number : big(left).doubleValue();
    double b = right instanceof Double number ? number : big(right).doubleValue();
    if (Double.isInfinite(a) || Double.isInfinite(b) || a != b) {
      return Double.compare(a, b);
    }
    return exact(left).compareTo(exact(right));
  }

  private static BigDecimal exact(Object value) {
    return value instanceof Double number ? new BigDecimal(number) : new BigDecimal(big(value));
  }

  static boolean isNan(Object value) {
    return value instanceof Double number && Double.isNaN(number);
  }

  static Object arithmetic(String operator, Object left, Object right) {
    if (left instanceof Double || right instanceof Double) {
      return floats(operator, toDouble(left), toDouble(right));
    }
    if (left instanceof Long a && right instanceof Long b) {
      long result;
      switch (operator) {
        case "+" -> {
          result = a + b;
          if (((a ^ result) & (b ^ result)) >= 0) {
            return result;
          }
        }
        case "-" -> {
          result = a - b;
          if (((a ^ b) & (a ^ result)) >= 0) {
            return result;
          }
        }
        default -> {}
      }
    }
    return integers(operator, big(left), big(right));
  }

  private static Object integers(String operator, BigInteger left, BigInteger right) {
    return switch (operator) {
      case "+" -> normalized(left.add(right));
      case "-" -> normalized(left.subtract(right));
      case "*" -> {
        if (left.bitLength() + right.bitLength() > MOST_BITS) {
          throw JinjaException.limit("integers must not exceed %d bits", MOST_BITS);
        }
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
        new BigDecimal(left)
            .divide(new BigDecimal(right), new java.math.MathContext(800, RoundingMode.HALF_EVEN))
            .doubleValue();
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
      if (base.signum() == 0) {
        throw division("0.0 cannot be raised to a negative power");
      }
      return Math.pow(base.doubleValue(), exponent.doubleValue());
    }
    if (base.bitLength() > 1
        && (exponent.bitLength() > 31
            || (long) base.bitLength() * exponent.intValue() > 2L * MOST_BITS)) {
      throw JinjaException.limit("integers must not exceed %d bits", MOST_BITS);
    }
    if (base.bitLength() <= 1) { // 0, 1, -1, -2
      if (base.equals(BigInteger.TWO.negate())) {
        return exponent.bitLength() > 16
            ? normalized(BigInteger.ONE.shiftLeft(2 * MOST_BITS))
            : normalized(base.pow(exponent.intValue()));
      }
      boolean odd = exponent.testBit(0);
      return base.signum() == 0
          ? (Object) (exponent.signum() == 0 ? 1L : 0L)
          : (Object) (base.signum() < 0 && odd ? -1L : 1L);
    }
    return normalized(base.pow(exponent.intValue()));
  }

  private static Object floats(String operator, double left, double right) {
    return switch (operator) {
      case "+" -> left + right;
      case "-" -> left - right;
      case "*" -> left * right;
      case "/" -> {
        nonZero(right, "float division by zero");
        yield left / right;
      }
      case "//" -> {
        nonZero(right, "float floor division by zero");
        double remainder = modulo(left, right);
        double quotient = (left - remainder) / right;
        double floor = Math.floor(quotient);
        yield quotient - floor > 0.5
            ? floor + 1
            : quotient == 0 ? Math.copySign(0, left / right) : floor;
      }
      case "%" -> {
        nonZero(right, "float modulo");
        yield modulo(left, right);
      }
      case "**" -> floatPower(left, right);
      default -> throw new IllegalArgumentException(operator);
    };
  }

  private static void nonZero(double right, String reason) {
    if (right == 0) {
      throw division(reason);
    }
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
    if (value instanceof Double number) {
      return -number;
    }
    return normalized(big(value).negate());
  }

  /// Whole part of a float.
  static Object truncate(double value) {
    if (Double.isNaN(value)) {
      throw JinjaException.value("cannot convert float NaN to integer");
    }
    if (Double.isInfinite(value)) {
      throw JinjaException.of("OverflowError", "cannot convert float infinity to integer");
    }
    return normalized(new BigDecimal(value).toBigInteger());
  }

  /// The whole number that a text writes in that base, or nothing.
  static java.util.Optional<Object> parseInteger(String text, int base) {
    String digits = PyText.strip(text);
    boolean negative = digits.startsWith("-");
    if (negative || digits.startsWith("+")) {
      digits = digits.substring(1);
    }
    int radix = base;
    String prefix =
        digits.length() > 2 ? digits.substring(0, 2).toLowerCase(java.util.Locale.ROOT) : "";
    int prefixed =
        switch (prefix) {
          case "0x" -> 16;
          case "0o" -> 8;
          case "0b" -> 2;
          default -> 0;
        };
    if (prefixed != 0 && (base == prefixed || base == 0)) {
      radix = prefixed;
      digits = digits.substring(digits.charAt(2) == '_' ? 3 : 2);
    } else if (base == 0) {
      radix = 10;
    }
    if (radix < 2 || radix > 36 || !digits.matches("[\\p{Nd}a-zA-Z]+(_[\\p{Nd}a-zA-Z]+)*")) {
      return java.util.Optional.empty();
    }
    String plain = digits.replace("_", "");
    if (plain.length() > 4300) {
      return java.util.Optional.empty(); // Python refuses longer ones too
    }
    try {
      BigInteger value = new BigInteger(plain, radix);
      return java.util.Optional.of(normalized(negative ? value.negate() : value));
    } catch (NumberFormatException e) {
      return java.util.Optional.empty();
    }
  }

  /// The float that a text writes, or nothing.
  static java.util.Optional<Double> parseFloat(String text) {
    String plain = PyText.strip(text).toLowerCase(java.util.Locale.ROOT);
    String unsigned = plain.startsWith("-") || plain.startsWith("+") ? plain.substring(1) : plain;
    if (unsigned.equals("inf") || unsigned.equals("infinity")) {
      return java.util.Optional.of(
          plain.startsWith("-") ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY);
    }
    if (unsigned.equals("nan")) {
      return java.util.Optional.of(Double.NaN);
    }
    String digits = "\\d+(_\\d+)*";
    String number = "(D(\\.(D)?)?|\\.D)(e[+-]?D)?".replace("D", digits);
    return unsigned.matches(number)
        ? java.util.Optional.of(Double.valueOf(plain.replace("_", "")))
        : java.util.Optional.empty();
  }

  /// Rounds as Python's `round`: half to even on the exact value.
  static double round(double value, int digits) {
    if (!Double.isFinite(value) || digits > 323) {
      return value;
    }
    double result =
        new BigDecimal(value)
            .setScale(Math.max(digits, -400), RoundingMode.HALF_EVEN)
            .doubleValue();
    return result == 0 ? Math.copySign(0, value) : result;
  }
}
