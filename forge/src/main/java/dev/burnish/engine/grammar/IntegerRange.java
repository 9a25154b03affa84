package dev.burnish.engine.grammar;

import java.util.ArrayList;
import java.util.List;

/// The integers of a range as texts without leading zeros.
final class IntegerRange {
  /// The largest of 16 digits.
  static final long MOST = 9_999_999_999_999_999L;

  private IntegerRange() {}

  /// @param from at least -[#MOST]
  /// @param to at most [#MOST], and not below `from`
  static Expr of(long from, long to) {
    List<Expr> choices = new ArrayList<>();
    if (from < 0) {
      choices.add(Expr.seq(Expr.text("-"), natural(Math.max(1, -to), -from)));
    }
    if (to >= 0) {
      choices.add(natural(Math.max(0, from), to));
    }
    return new Expr.Alt(choices);
  }

  /// One choice per number of digits.
  private static Expr natural(long from, long to) {
    List<Expr> choices = new ArrayList<>();
    long first = 0;
    long last = 9;
    for (int digits = 1; first <= to; digits++) {
      if (last >= from) {
        String low = Long.toString(Math.max(first, from));
        choices.add(between(low, Long.toString(Math.min(last, to))));
      }
      first = last + 1;
      last = 10 * last + 9;
    }
    return new Expr.Alt(choices);
  }

  /// Digits from `low` to `high`, which are of one length.
  private static Expr between(String low, String high) {
    if (low.isEmpty()) {
      return Expr.EMPTY;
    }
    char first = low.charAt(0);
    char last = high.charAt(0);
    String lowRest = low.substring(1);
    String highRest = high.substring(1);
    String zeros = "0".repeat(lowRest.length());
    String nines = "9".repeat(lowRest.length());
    if (first == last) {
      return Expr.seq(digits(first, last), between(lowRest, highRest));
    }
    List<Expr> choices = new ArrayList<>();
    if (!lowRest.equals(zeros)) {
      choices.add(Expr.seq(digits(first, first), between(lowRest, nines)));
      first++;
    }
    if (!highRest.equals(nines)) {
      choices.add(Expr.seq(digits(last, last), between(zeros, highRest)));
      last--;
    }
    if (first <= last) {
      int free = lowRest.length();
      choices.add(Expr.seq(digits(first, last), new Expr.Repeat(digits('0', '9'), free, free)));
    }
    return new Expr.Alt(choices);
  }

  private static Expr digits(int from, int to) {
    return new Expr.Chars(CodePoints.range(from, to));
  }
}
