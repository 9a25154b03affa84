package dev.burnish.env;

import java.util.ArrayList;
import java.util.List;

/// The value that an answer stands for.
sealed interface MathValue {
  /// Whether both are the same; an answer may be compared with an answer only.
  boolean sameAs(MathValue other);

  /// @param variable that the answer is said to be of, `x` in `x = 5`
  /// @param unit empty, as the variable, if there is none: two must agree, one alone does not
  ///   matter
  record Answer(MathValue value, String variable, String unit, boolean percent)
      implements MathValue {
    @Override
    public boolean sameAs(MathValue other) {
      if (!(other instanceof Answer target)) {
        return false;
      }
      boolean sameValue =
          value.sameAs(target.value) || (percent != target.percent && sameShare(target));
      return sameValue && agree(unit, target.unit) && agree(variable, target.variable);
    }

    private static boolean agree(String mine, String theirs) {
      return mine.isEmpty() || theirs.isEmpty() || mine.equals(theirs);
    }

    /// 10 % is 0.1.
    private boolean sameShare(Answer target) {
      var hundred = Quotient.of(100);
      return value instanceof Scalar mine
          && target.value instanceof Scalar theirs
          && (percent
              ? mine.value.same(theirs.value.times(hundred))
              : mine.value.times(hundred).same(theirs.value));
    }
  }

  record Scalar(Quotient value) implements MathValue {
    @Override
    public boolean sameAs(MathValue other) {
      return other instanceof Scalar(Quotient theirs) && value.same(theirs);
    }
  }

  /// A tuple or an interval.
  record Ordered(char open, List<MathValue> items, char close) implements MathValue {
    @Override
    public boolean sameAs(MathValue other) {
      return other instanceof Ordered(char otherOpen, var theirs, char otherClose)
          && open == otherOpen
          && close == otherClose
          && sameItems(items, theirs);
    }
  }

  /// A set, a union, or a list of solutions.
  record Unordered(String kind, List<MathValue> items) implements MathValue {
    @Override
    public boolean sameAs(MathValue other) {
      if (!(other instanceof Unordered(String otherKind, List<MathValue> theirs))
          || !kind.equals(otherKind)
          || items.size() != theirs.size()) {
        return false;
      }
      List<MathValue> left = new ArrayList<>(theirs);
      for (MathValue item : items) {
        var match = left.stream().filter(item::sameAs).findFirst();
        if (match.isEmpty()) {
          return false;
        }
        left.remove(match.get());
      }
      return true;
    }
  }

  record Matrix(String kind, List<List<MathValue>> rows) implements MathValue {
    @Override
    public boolean sameAs(MathValue other) {
      if (!(other instanceof Matrix(String otherKind, var theirs))
          || !kind.equals(otherKind)
          || rows.size() != theirs.size()) {
        return false;
      }
      boolean same = true;
      for (int i = 0; i < rows.size(); i++) {
        same &= sameItems(rows.get(i), theirs.get(i));
      }
      return same;
    }
  }

  private static boolean sameItems(List<MathValue> mine, List<MathValue> theirs) {
    boolean same = mine.size() == theirs.size();
    for (int i = 0; same && i < mine.size(); i++) {
      same = mine.get(i).sameAs(theirs.get(i));
    }
    return same;
  }
}
