package dev.burnish.engine.grammar;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// A set of Unicode code points without surrogates, which no UTF-8 text holds.
///
/// @param ranges disjoint and rising
record CodePoints(List<Range> ranges) {
  /// Both ends belong to it.
  record Range(int from, int to) {}

  static final CodePoints NONE = new CodePoints(List.of());
  static final CodePoints ALL =
      new CodePoints(List.of(new Range(0, 0xD7FF), new Range(0xE000, 0x10FFFF)));

  CodePoints {
    ranges = List.copyOf(ranges);
  }

  static CodePoints of(int codePoint) {
    return range(codePoint, codePoint);
  }

  static CodePoints range(int from, int to) {
    return ALL.minus(NONE.with(0, from - 1).with(to + 1, 0x10FFFF));
  }

  /// The characters of a text.
  static CodePoints of(String characters) {
    CodePoints all = NONE;
    for (int c : characters.codePoints().toArray()) {
      all = all.plus(of(c));
    }
    return all;
  }

  /// With one more range, which lies above all others and may be empty.
  private CodePoints with(int from, int to) {
    if (from > to) {
      return this;
    }
    List<Range> longer = new ArrayList<>(ranges);
    longer.add(new Range(from, to));
    return new CodePoints(longer);
  }

  CodePoints plus(CodePoints other) {
    return ALL.minus(ALL.minus(this).minus(other));
  }

  CodePoints complement() {
    return ALL.minus(this);
  }

  CodePoints minus(CodePoints other) {
    List<Range> left = ranges;
    for (Range cut : other.ranges) {
      List<Range> next = new ArrayList<>();
      for (Range range : left) {
        if (range.from < Math.min(cut.from, range.to + 1)) {
          next.add(new Range(range.from, Math.min(range.to, cut.from - 1)));
        }
        if (range.to > Math.max(cut.to, range.from - 1)) {
          next.add(new Range(Math.max(range.from, cut.to + 1), range.to));
        }
      }
      left = next;
    }
    return new CodePoints(left);
  }

  boolean isEmpty() {
    return ranges.isEmpty();
  }

  /// The byte sequences of UTF-8 that encode the set, each as a range per byte.
  List<List<Range>> utf8() {
    List<List<Range>> sequences = new ArrayList<>();
    for (Range range : ranges) {
      int from = range.from;
      for (int last : new int[] {0x7F, 0x7FF, 0xFFFF, 0x10FFFF}) {
        if (from <= Math.min(last, range.to)) {
          split(encoded(from), encoded(Math.min(last, range.to)), 0, List.of(), sequences);
          from = Math.min(last, range.to) + 1;
        }
      }
    }
    return sequences;
  }

  private static int[] encoded(int c) {
    if (c < 0x80) {
      return new int[] {c};
    }
    if (c < 0x800) {
      return new int[] {0xC0 | c >> 6, 0x80 | c & 0x3F};
    }
    if (c < 0x10000) {
      return new int[] {0xE0 | c >> 12, 0x80 | c >> 6 & 0x3F, 0x80 | c & 0x3F};
    }
    return new int[] {0xF0 | c >> 18, 0x80 | c >> 12 & 0x3F, 0x80 | c >> 6 & 0x3F, 0x80 | c & 0x3F};
  }

  /// Adds the ranges of all sequences from `low` to `high`, which are of one length and equal
  /// before byte `at`.
  private static void split(
      int[] low, int[] high, int at, List<Range> before, List<List<Range>> sequences) {
    if (at == low.length) {
      sequences.add(before);
      return;
    }
    if (low[at] == high[at]) {
      split(low, high, at + 1, plus(before, low[at], low[at]), sequences);
      return;
    }
    int first = low[at];
    int last = high[at];
    if (!isAll(low, at + 1, 0x80)) {
      split(low, filled(low, at + 1, 0xBF), at + 1, plus(before, first, first), sequences);
      first++;
    }
    boolean whole = isAll(high, at + 1, 0xBF);
    if (!whole) {
      last--;
    }
    if (first <= last) {
      List<Range> middle = plus(before, first, last);
      for (int i = at + 1; i < low.length; i++) {
        middle = plus(middle, 0x80, 0xBF);
      }
      sequences.add(middle);
    }
    if (!whole) {
      split(filled(high, at + 1, 0x80), high, at + 1, plus(before, high[at], high[at]), sequences);
    }
  }

  private static boolean isAll(int[] bytes, int from, int value) {
    for (int i = from; i < bytes.length; i++) {
      if (bytes[i] != value) {
        return false;
      }
    }
    return true;
  }

  private static int[] filled(int[] bytes, int from, int value) {
    int[] filled = bytes.clone();
    Arrays.fill(filled, from, filled.length, value);
    return filled;
  }

  private static List<Range> plus(List<Range> before, int from, int to) {
    List<Range> longer = new ArrayList<>(before);
    longer.add(new Range(from, to));
    return longer;
  }
}
