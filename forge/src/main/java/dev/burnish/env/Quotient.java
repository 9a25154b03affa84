package dev.burnish.env;

import java.math.BigInteger;
import java.util.Map;
import org.apache.commons.numbers.fraction.BigFraction;

/// A quotient of polynomials, compared by multiplying crosswise.
record Quotient(Polynomial numerator, Polynomial denominator) {
  private static final int MAX_EXPONENT = 64;
  private static final int MAX_FACTORIAL = 300;
  private static final int MAX_ROOT = 16;

  /// Roots of larger numbers would take too long to bring to one form.
  private static final BigInteger MAX_RADICAND = BigInteger.valueOf(1_000_000_000_000L);

  Quotient {
    if (denominator.isZero()) {
      throw new MathSyntaxException("division by zero");
    }
  }

  static Quotient of(BigFraction value) {
    return new Quotient(Polynomial.of(value), Polynomial.of(BigFraction.ONE));
  }

  static Quotient of(long value) {
    return of(BigFraction.of(value));
  }

  static Quotient symbol(String name) {
    var monomial = new Polynomial.Monomial(BigInteger.ONE, Map.of(name, 1));
    return new Quotient(Polynomial.term(monomial, BigFraction.ONE), Polynomial.of(BigFraction.ONE));
  }

  boolean same(Quotient other) {
    return numerator.times(other.denominator).equals(other.numerator.times(denominator));
  }

  Quotient plus(Quotient other) {
    return new Quotient(
        numerator.times(other.denominator).plus(other.numerator.times(denominator)),
        denominator.times(other.denominator));
  }

  Quotient minus(Quotient other) {
    return plus(other.times(of(-1)));
  }

  Quotient times(Quotient other) {
    return new Quotient(numerator.times(other.numerator), denominator.times(other.denominator));
  }

  Quotient over(Quotient other) {
    return new Quotient(numerator.times(other.denominator), denominator.times(other.numerator));
  }

  boolean isPositiveConstant() {
    return isConstant() && constant().signum() > 0;
  }

  /// A whole number of moderate size.
  int smallInteger() {
    BigFraction value = constant();
    boolean whole = value.getDenominator().equals(BigInteger.ONE);
    if (!whole || value.getNumerator().bitLength() > 16) {
      throw new MathSyntaxException("not a small whole number");
    }
    return value.intValue();
  }

  Quotient power(Quotient exponent) {
    if (!exponent.isConstant()) {
      return symbol("(" + this + ")^(" + exponent + ")");
    }
    BigFraction value = exponent.constant();
    if (!value.getDenominator().equals(BigInteger.ONE)) {
      int degree = of(BigFraction.of(value.getDenominator())).smallInteger();
      return root(degree).power(of(BigFraction.of(value.getNumerator())));
    }
    int times = exponent.smallInteger();
    if (Math.abs(times) > MAX_EXPONENT) {
      throw new MathSyntaxException("exponent too large");
    }
    Quotient power = of(1);
    for (int i = 0; i < Math.abs(times); i++) {
      power = power.times(this);
    }
    return times < 0 ? of(1).over(power) : power;
  }

  Quotient factorial() {
    int n = smallInteger();
    if (n < 0 || n > MAX_FACTORIAL) {
      throw new MathSyntaxException("factorial out of range");
    }
    BigInteger product = BigInteger.ONE;
    for (int i = 2; i <= n; i++) {
      product = product.multiply(BigInteger.valueOf(i));
    }
    return of(BigFraction.of(product));
  }

  /// The binomial coefficient.
  Quotient choose(Quotient other) {
    int n = smallInteger();
    int k = other.smallInteger();
    if (k < 0 || k > n) {
      throw new MathSyntaxException("binomial out of range");
    }
    return factorial().over(other.factorial().times(of(n - k).factorial()));
  }

  /// An exact root; a root that is not a whole number's square root and not whole stands for
  /// itself.
  Quotient root(int degree) {
    if (degree < 2 || degree > MAX_ROOT) {
      throw new MathSyntaxException("root out of range");
    }
    if (!isConstant() || constant().signum() < 0) {
      return symbol("root" + degree + "(" + this + ")");
    }
    BigFraction value = constant();
    BigInteger inside = value.getNumerator().multiply(value.getDenominator().pow(degree - 1));
    if (inside.compareTo(MAX_RADICAND) > 0) {
      throw new MathSyntaxException("radicand too large");
    }
    return rootOf(inside.longValueExact(), degree).over(of(BigFraction.of(value.getDenominator())));
  }

  private static Quotient rootOf(long inside, int degree) {
    long outside = 1;
    long left = inside;
    for (long factor = 2; left > 1 && power(factor, degree) <= left; factor++) {
      long whole = power(factor, degree);
      while (left % whole == 0) {
        left /= whole;
        outside *= factor;
      }
    }
    Quotient root = of(outside);
    if (inside == 0) {
      return of(0);
    }
    if (left == 1) {
      return root;
    }
    if (degree > 2) {
      return root.times(symbol("root" + degree + "(" + left + ")"));
    }
    var monomial = new Polynomial.Monomial(BigInteger.valueOf(left), Map.of());
    return root.times(
        new Quotient(Polynomial.term(monomial, BigFraction.ONE), Polynomial.of(BigFraction.ONE)));
  }

  private static long power(long base, int exponent) {
    long power = 1;
    for (int i = 0; i < exponent; i++) {
      power = Math.multiplyHigh(power, base) != 0 ? Long.MAX_VALUE : power * base;
    }
    return power < 0 ? Long.MAX_VALUE : power;
  }

  private boolean isConstant() {
    return numerator.isConstant() && denominator.isConstant();
  }

  private BigFraction constant() {
    if (!isConstant()) {
      throw new MathSyntaxException("not a number");
    }
    return numerator.constant().divide(denominator.constant());
  }

  /// One text for each constant; other values may have several.
  @Override
  public String toString() {
    return isConstant() ? constant().toString() : numerator.terms() + "/" + denominator.terms();
  }
}
