package dev.burnish.env;

import java.math.BigInteger;
import java.util.Map;
import java.util.TreeMap;
import org.apache.commons.numbers.fraction.BigFraction;

/// A sum of rational numbers times square roots of square-free whole numbers times powers of
/// symbols. Each has one form, so two are equal only if their terms are.
///
/// @param terms without zeros
record Polynomial(Map<Monomial, BigFraction> terms) {
  /// Beyond these an answer is not mathematics of a school book but an attack on the checker.
  private static final int MAX_TERMS = 200;

  private static final int MAX_BITS = 4096;

  /// @param radicand square-free and positive
  record Monomial(BigInteger radicand, Map<String, Integer> powers)
      implements Comparable<Monomial> {
    static final Monomial ONE = new Monomial(BigInteger.ONE, Map.of());

    Monomial {
      powers = new TreeMap<>(powers);
      powers.values().removeIf(power -> power == 0);
    }

    @Override
    public int compareTo(Monomial other) {
      return toString().compareTo(other.toString());
    }
  }

  static Polynomial of(BigFraction value) {
    return term(Monomial.ONE, value);
  }

  static Polynomial term(Monomial monomial, BigFraction coefficient) {
    Map<Monomial, BigFraction> terms = new TreeMap<>();
    terms.put(monomial, coefficient);
    return checked(terms);
  }

  boolean isZero() {
    return terms.isEmpty();
  }

  boolean isConstant() {
    return terms.isEmpty() || (terms.size() == 1 && terms.containsKey(Monomial.ONE));
  }

  /// The value of a constant.
  BigFraction constant() {
    return terms.getOrDefault(Monomial.ONE, BigFraction.ZERO);
  }

  Polynomial plus(Polynomial other) {
    Map<Monomial, BigFraction> sum = new TreeMap<>(terms);
    other.terms.forEach((monomial, value) -> sum.merge(monomial, value, BigFraction::add));
    return checked(sum);
  }

  Polynomial times(Polynomial other) {
    if ((long) terms.size() * other.terms.size() > MAX_TERMS * 10L) {
      throw new MathSyntaxException("too many terms");
    }
    Map<Monomial, BigFraction> product = new TreeMap<>();
    terms.forEach((mine, value) ->
        other.terms.forEach(
            (theirs, factor) -> addProduct(product, mine, theirs, value.multiply(factor))));
    return checked(product);
  }

  private static void addProduct(
      Map<Monomial, BigFraction> sum, Monomial first, Monomial second, BigFraction value) {
    BigInteger shared = first.radicand.gcd(second.radicand);
    BigInteger radicand = first.radicand.multiply(second.radicand).divide(shared.multiply(shared));
    Map<String, Integer> powers = new TreeMap<>(first.powers);
    second.powers.forEach((symbol, power) -> powers.merge(symbol, power, Integer::sum));
    sum.merge(new Monomial(radicand, powers), value.multiply(shared), BigFraction::add);
  }

  private static Polynomial checked(Map<Monomial, BigFraction> terms) {
    terms.values().removeIf(value -> value.signum() == 0);
    for (BigFraction value : terms.values()) {
      if (value.getNumerator().bitLength() + value.getDenominator().bitLength() > MAX_BITS) {
        throw new MathSyntaxException("number too large");
      }
    }
    if (terms.size() > MAX_TERMS) {
      throw new MathSyntaxException("too many terms");
    }
    return new Polynomial(terms);
  }
}
