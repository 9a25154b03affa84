package dev.burnish.env;

import java.text.Normalizer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Brings the characters of typeset mathematics to the ASCII and LaTeX that readers know: signs,
/// digits of other scripts, raised and lowered digits, vulgar fractions, roots, spaces. Characters
/// without such a form are left as they are, so that a reader meets a character it does not know
/// and gives up.
final class MathCharacters {
  private static final String MINUS = "\u2212\u2010\u2011\u2012\u2013\ufe63\u2796";
  private static final String PLUS = "\ufe62\u2795";
  private static final String TIMES = "\u00d7\u2715\u00b7\u22c5\u2219";
  private static final String SLASH = "\u2044\u2215";
  private static final String INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u200e\u200f\u00ad";
  private static final String RAISED =
      "\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079";
  private static final char FIRST_LOWERED = '\u2080';
  private static final char FRACTION_SLASH = '\u2044';

  /// A space of another kind between digits, which groups them; it becomes an ordinary one.
  private static final char OTHER_SPACE = '\u00a0';

  private static final Pattern GROUPED =
      Pattern.compile(
          "(?<![\\d.,]|\\d['\u2019\u00a0])\\d{1,3}(?:[\u00a0'\u2019]\\d{3})+(?!\\d|['\u2019]\\d)");
  private static final Pattern ROOT =
      Pattern.compile("\u221a\\s*(?:\\{[^{}]*}|\\([^()]*\\)|\\d+(?:\\.\\d+)?|[a-zA-Z])");

  private MathCharacters() {}

  static String plain(String text) {
    var plain = new StringBuilder(text.length() + 16);
    int i = 0;
    while (i < text.length()) {
      int c = text.codePointAt(i);
      int run = raised(text, i);
      if (run > i) {
        plain.append(power(text, i, run, plain));
        i = run;
      } else {
        plain.append(plain(c));
        i += Character.charCount(c);
      }
    }
    return roots(grouped(plain.toString()).replace(OTHER_SPACE, ' '));
  }

  private static String plain(int c) {
    if (c < 0x80) {
      return Character.toString(c);
    }
    if (c >= 0xff01 && c <= 0xff5e) { // full-width forms of ASCII
      return Character.toString(c - 0xfee0);
    }
    int digit =
        Character.getType(c) == Character.DECIMAL_DIGIT_NUMBER ? Character.digit(c, 10) : -1;
    if (digit >= 0) {
      return Integer.toString(digit);
    }
    if (c >= FIRST_LOWERED && c <= FIRST_LOWERED + 9) {
      return "_{" + (c - FIRST_LOWERED) + "}";
    }
    return isVulgarFraction(c) ? fraction(c) : sign(c);
  }

  private static String sign(int c) {
    if (MINUS.indexOf(c) >= 0) {
      return "-";
    }
    if (PLUS.indexOf(c) >= 0) {
      return "+";
    }
    if (TIMES.indexOf(c) >= 0) {
      return "*";
    }
    if (SLASH.indexOf(c) >= 0) {
      return "/";
    }
    if (INVISIBLE.indexOf(c) >= 0) {
      return "";
    }
    if (Character.getType(c) == Character.SPACE_SEPARATOR) {
      return Character.toString(OTHER_SPACE);
    }
    return switch (c) {
      case '\u00f7' -> "\\div ";
      case '\u03c0' -> "\\pi ";
      case '\u221e' -> "\\infty ";
      case '\u066a' -> "%";
      case '\u066b' -> ".";
      case '\u066c' -> ",";
      case '\u02c6' -> "^";
      default -> Character.toString(c);
    };
  }

  private static boolean isVulgarFraction(int c) {
    return Character.getType(c) == Character.OTHER_NUMBER && halves(c).length == 2;
  }

  private static String fraction(int c) {
    String[] halves = halves(c);
    return "\\frac{" + halves[0] + "}{" + halves[1] + "}";
  }

  private static String[] halves(int c) {
    return Normalizer.normalize(Character.toString(c), Normalizer.Form.NFKC)
        .split(Character.toString(FRACTION_SLASH), -1);
  }

  /// The end of the run of raised digits and signs that begins there, or `start` itself.
  private static int raised(String text, int start) {
    int end = start;
    while (end < text.length() && raisedAs(text.charAt(end)) != 0) {
      end++;
    }
    return end;
  }

  private static char raisedAs(char c) {
    int digit = RAISED.indexOf(c);
    return digit >= 0 ? (char) ('0' + digit) : c == '\u207a' ? '+' : c == '\u207b' ? '-' : 0;
  }

  /// A raised sign before a number is its sign, as some school books write it.
  private static String power(String text, int start, int end, StringBuilder before) {
    var run = new StringBuilder();
    for (int i = start; i < end; i++) {
      run.append(raisedAs(text.charAt(i)));
    }
    boolean sign = run.length() == 1 && !Character.isDigit(run.charAt(0));
    boolean alone = before.isEmpty() || " $={([,:".indexOf(before.charAt(before.length() - 1)) >= 0;
    return sign && alone ? run.toString() : "^{" + run + "}";
  }

  private static String grouped(String text) {
    return GROUPED.matcher(text).replaceAll(m -> m.group().replaceAll("\\D", ""));
  }

  private static String roots(String text) {
    return ROOT.matcher(text)
        .replaceAll(m ->
            Matcher.quoteReplacement(
                "\\sqrt{" + m.group().replaceAll("^\u221a\\s*[({]?|[)}]$", "") + "}"));
  }
}
