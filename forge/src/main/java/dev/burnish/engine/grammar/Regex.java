package dev.burnish.engine.grammar;

import java.util.ArrayList;
import java.util.List;

/// A regular expression as Java, Python and JavaScript read it in common: literals, `.`, classes,
/// groups, alternatives and quantifiers. `\d`, `\w` and `\s` are those of ASCII.
///
/// Constructs that are not regular or differ between these are refused by name: references,
/// look-around, word boundaries, Unicode categories, flags. `^` and `$` may begin and end the whole
/// expression or one of its alternatives.
final class Regex {
  private static final CodePoints DIGIT = CodePoints.range('0', '9');
  private static final CodePoints WORD =
      DIGIT
          .plus(CodePoints.range('A', 'Z'))
          .plus(CodePoints.range('a', 'z'))
          .plus(CodePoints.of('_'));
  private static final CodePoints SPACE = CodePoints.of(" \t\n\r\f\u000B");
  private static final CodePoints DOT = CodePoints.of("\n\r\u0085\u2028\u2029").complement();
  private static final int MOST_REPEATS = 10_000;

  /// How a text may continue beyond what an expression matches.
  private enum Ends {
    /// It may not.
    WHOLE,
    /// By anything, where there is no anchor.
    OPEN
  }

  private final int[] pattern;
  private final String source;
  private int at;

  private Regex(String source) {
    this.source = source;
    this.pattern = source.codePoints().toArray();
  }

  /// The texts that match as a whole.
  ///
  /// @throws IllegalArgumentException if the expression is malformed, or not supported
  static Expr parse(String pattern) {
    return new Regex(pattern).parse(Ends.WHOLE);
  }

  /// The texts of which a part matches, unless `^` and `$` say more.
  ///
  /// @throws IllegalArgumentException as [#parse(String)] does
  static Expr find(String pattern) {
    return new Regex(pattern).parse(Ends.OPEN);
  }

  private Expr parse(Ends ends) {
    List<Expr> choices = new ArrayList<>();
    do {
      boolean begins = accept('^');
      Expr branch = sequence();
      boolean stops = accept('$');
      choices.add(ends == Ends.WHOLE ? branch : open(branch, begins, stops));
    } while (accept('|'));
    if (at < pattern.length) {
      throw error("has a %s without its beginning".formatted(Character.toString(pattern[at])));
    }
    return new Expr.Alt(choices);
  }

  private static Expr open(Expr branch, boolean begins, boolean stops) {
    Expr anything = Expr.any(new Expr.Chars(CodePoints.ALL));
    return Expr.seq(begins ? Expr.EMPTY : anything, branch, stops ? Expr.EMPTY : anything);
  }

  private Expr alternatives() {
    List<Expr> choices = new ArrayList<>();
    do {
      choices.add(sequence());
    } while (accept('|'));
    return new Expr.Alt(choices);
  }

  private Expr sequence() {
    List<Expr> parts = new ArrayList<>();
    while (at < pattern.length && pattern[at] != '|' && pattern[at] != ')' && !atEnd()) {
      parts.add(quantified(atom()));
    }
    return new Expr.Seq(parts);
  }

  /// Whether a `$` ends the branch.
  private boolean atEnd() {
    return pattern[at] == '$' && (at + 1 == pattern.length || pattern[at + 1] == '|');
  }

  private Expr atom() {
    int c = pattern[at++];
    return switch (c) {
      case '(' -> group();
      case '[' -> new Expr.Chars(characterClass());
      case '.' -> new Expr.Chars(DOT);
      case '\\' -> new Expr.Chars(escape());
      case '*', '+', '?' -> throw error("has nothing before %c".formatted(c));
      case '{', '}', ']' -> throw error("must write %c as \\%c".formatted(c, c));
      case '^', '$' -> throw error("may have %c at an end of it alone".formatted(c));
      default -> new Expr.Chars(character(c));
    };
  }

  private CodePoints character(int c) {
    CodePoints set = CodePoints.of(c);
    if (set.isEmpty()) {
      throw error("must not hold half of a surrogate pair");
    }
    return set;
  }

  private Expr group() {
    if (accept('?')) {
      if (accept('<') && at < pattern.length && pattern[at] != '=' && pattern[at] != '!') {
        while (at < pattern.length && pattern[at] != '>') {
          at++;
        }
        expect('>');
      } else if (!accept(':')) {
        throw error("must not look around or set flags by (?");
      }
    }
    Expr body = alternatives();
    expect(')');
    return body;
  }

  private Expr quantified(Expr atom) {
    int min;
    int max;
    if (accept('*')) {
      min = 0;
      max = Expr.UNBOUNDED;
    } else if (accept('+')) {
      min = 1;
      max = Expr.UNBOUNDED;
    } else if (accept('?')) {
      min = 0;
      max = 1;
    } else if (accept('{')) {
      min = number();
      max = min;
      if (accept(',')) {
        max = at < pattern.length && pattern[at] == '}' ? Expr.UNBOUNDED : number();
      }
      expect('}');
    } else {
      return atom;
    }
    if (max < min) {
      throw error("must have bounds that rise: {%d,%d}".formatted(min, max));
    }
    accept('?'); // prefers fewer, of the same texts
    if (at < pattern.length && "*+?{".indexOf(pattern[at]) >= 0) {
      throw error("must not have a quantifier after another");
    }
    return new Expr.Repeat(atom, min, max);
  }

  private int number() {
    int from = at;
    int value = 0;
    while (at < pattern.length
        && pattern[at] >= '0'
        && pattern[at] <= '9'
        && value <= MOST_REPEATS) {
      value = 10 * value + pattern[at++] - '0';
    }
    if (at == from || value > MOST_REPEATS) {
      throw error("must repeat from 0 to %d times in { }".formatted(MOST_REPEATS));
    }
    return value;
  }

  private CodePoints characterClass() {
    boolean negated = accept('^');
    CodePoints set = CodePoints.NONE;
    while (at < pattern.length && pattern[at] != ']') {
      CodePoints from = classCharacter();
      boolean range = at + 1 < pattern.length && pattern[at] == '-' && pattern[at + 1] != ']';
      if (range) {
        at++;
        set = set.plus(range(from, classCharacter()));
      } else {
        set = set.plus(from);
      }
    }
    expect(']');
    CodePoints result = negated ? set.complement() : set;
    if (result.isEmpty()) {
      throw error("must not have a class of no characters");
    }
    return result;
  }

  private CodePoints range(CodePoints from, CodePoints to) {
    int low = single(from);
    int high = single(to);
    if (high < low) {
      throw error("must have ranges that rise");
    }
    return CodePoints.range(low, high);
  }

  private int single(CodePoints set) {
    CodePoints.Range range = set.ranges().getFirst();
    if (set.ranges().size() > 1 || range.from() != range.to()) {
      throw error("must have a range between single characters");
    }
    return range.from();
  }

  private CodePoints classCharacter() {
    int c = pattern[at++];
    if (c == '[' || (c == '&' && at < pattern.length && pattern[at] == '&')) {
      throw error("must write %c as \\%c within a class".formatted(c, c));
    }
    return c == '\\' ? escape() : character(c);
  }

  private CodePoints escape() {
    if (at == pattern.length) {
      throw error("must not end in a backslash");
    }
    int c = pattern[at++];
    return switch (c) {
      case 'd' -> DIGIT;
      case 'D' -> DIGIT.complement();
      case 'w' -> WORD;
      case 'W' -> WORD.complement();
      case 's' -> SPACE;
      case 'S' -> SPACE.complement();
      case 't' -> CodePoints.of('\t');
      case 'n' -> CodePoints.of('\n');
      case 'r' -> CodePoints.of('\r');
      case 'f' -> CodePoints.of('\f');
      case 'v' -> CodePoints.of(0x0B);
      case 'x' -> character(hex(2));
      case 'u' -> character(hex(4));
      default -> {
        if (c < 0x80 && Character.isLetterOrDigit(c)) {
          throw error("has an escape that is not supported: \\" + Character.toString(c));
        }
        yield character(c);
      }
    };
  }

  private int hex(int digits) {
    int value = 0;
    for (int i = 0; i < digits; i++) {
      int digit = at < pattern.length ? Character.digit(pattern[at++], 16) : -1;
      if (digit < 0) {
        throw error("must have %d hexadecimal digits after \\x or \\u".formatted(digits));
      }
      value = 16 * value + digit;
    }
    return value;
  }

  private boolean accept(int c) {
    if (at < pattern.length && pattern[at] == c) {
      at++;
      return true;
    }
    return false;
  }

  private void expect(int c) {
    if (!accept(c)) {
      throw error("lacks a " + Character.toString(c));
    }
  }

  private IllegalArgumentException error(String problem) {
    return new IllegalArgumentException(
        "a regular expression %s: regex=%s position=%d".formatted(problem, source, at));
  }
}
