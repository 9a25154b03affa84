package dev.burnish.env;

import java.math.BigDecimal;
import java.util.Optional;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The line of an answer after `####`: perhaps a few words, one number, perhaps a unit.
///
/// The number counts only if everything else on the line is known to leave it as it is. Anything
/// that cannot be read (a character, a word that may change a number, a second number) makes the
/// line no answer at all, rather than being skipped.
final class AnswerLine {
  /// A longer line is not a number; it would only cost time to find that out.
  private static final int MAX_LENGTH = 200;

  private static final String UNSIGNED =
      "\\d{1,3}(?:,\\d{3})+(?:\\.\\d+)?|\\d+(?:\\.\\d+)?|\\.\\d+";

  private static final Pattern LINE =
      Pattern.compile(
          "(?<before>[^\\d.+\\-\\\\\\p{Sc}]*)(?<sign>[-+]?)(?<space>\\s*)(?<currency>\\p{Sc}?)\\s*"
              + "(?<late>[-+]?)\\s*(?<value>\\\\.*|(?:"
              + UNSIGNED
              + ").*)");
  private static final Pattern NUMBER = Pattern.compile("(?<number>" + UNSIGNED + ")(?<after>.*)");

  /// `1e3`, `1.5 x 10^3`.
  private static final Pattern SCIENTIFIC =
      Pattern.compile(
          "(?<number>"
              + UNSIGNED
              + ")(?:[eE]|\\s*(?:\\*|x|\\\\times|\\\\cdot)\\s*10\\s*\\^\\s*)"
              + "(?<brace>\\{?)(?<exponent>[-+]?\\d{1,2})}?(?![\\d.,^/!])(?<after>.*)");

  /// Fractions, mixed numbers, powers and roots, of whole numbers and decimals.
  private static final Pattern MATHEMATICS =
      Pattern.compile(
          "(?<number>(?:(?:\\d+\\s*)?\\\\[dt]?frac\\s*(?:\\{\\d+}\\s*\\{\\d+}|\\d\\d)|(?:\\d+ )?\\d+/\\d+"
              + "|(?:\\d+(?:\\.\\d+)?)?\\\\sqrt(?:\\[\\d+])?\\{\\d+(?:\\.\\d+)?}|\\d+(?:\\.\\d+)?)"
              + "(?:\\^(?:\\{[-+]?\\d+}|\\d+))?)(?![\\d.,/^!])(?<after>.*)");

  /// The text that may follow: percent, degrees or a currency; words; the end of a sentence.
  private static final Pattern AFTER =
      Pattern.compile(
          "(?:\\s*\\\\?%|\\s*\u00b0[CF]?(?!\\p{L})|\\s*\\p{Sc})?"
              + "(?<words>(?:\\s*+[(/,]?\\s*+LATIN(?:LATIN|['\u2019-])*+(?<!-)\\)?)*+)"
                  .replace("LATIN", "[\\p{L}&&[\\p{IsLatin}]]")
              + "(?:(?<=\\p{L})(?:\\^\\{?[23]}?|(?=[.!])!?))?\\s*+[.,;]?");

  private static final Pattern EMPHASIS =
      Pattern.compile("(?<![\\w*])(\\*{1,3}|_{1,3}|`)(?=\\S)([^*`]*[^*_`\\s])\\1(?![\\w*])");
  private static final Pattern QUOTED =
      Pattern.compile("\"([^\"]+)\"|'([^']+)'|\u201c([^\u201d]+)\u201d|\u2018([^\u2019]+)\u2019");
  private static final Pattern DELIMITED =
      Pattern.compile("\\\\\\((.*)\\\\\\)|\\\\\\[(.*)\\\\]|(?<!\\\\)\\$([^$]*[^$\\\\])\\$");
  private static final Pattern WORDS =
      Pattern.compile("\\\\(?:text|mathrm|mbox|textbf|mathbf|textit)\\s*\\{([^{}]*)}");
  private static final Pattern CURRENCY =
      Pattern.compile(
          "(?:\\b(?:US|CA|AU|NZ|HK|[ACSR])(?=\\$))|\\b(?:USD|EUR|GBP|Rs\\.?)(?=\\s?\\d)");

  private AnswerLine() {}

  /// The value, in digits or as LaTeX.
  static Optional<String> read(String line) {
    if (line.length() > MAX_LENGTH) {
      return Optional.empty();
    }
    Matcher parts = LINE.matcher(undecorated(MathCharacters.plain(line).strip()));
    if (!parts.matches()
        || !known(parts.group("before"), parts.group("sign") + parts.group("space"))
        || (!parts.group("sign").isEmpty() && !parts.group("late").isEmpty())) {
      return Optional.empty();
    }
    String sign = (parts.group("sign") + parts.group("late")).replace("+", "");
    return value(parts.group("value")).map(value -> sign + value);
  }

  /// The text without emphasis, quotes and math delimiters around the whole or a part.
  private static String undecorated(String text) {
    String bare = WORDS.matcher(text).replaceAll(m -> quoted(" " + m.group(1) + " "));
    bare = EMPHASIS.matcher(bare).replaceAll(m -> quoted(m.group(2)));
    bare = EMPHASIS.matcher(bare).replaceAll(m -> quoted(m.group(2)));
    bare = DELIMITED.matcher(bare).replaceAll(m -> quoted(" " + first(m) + " "));
    bare = QUOTED.matcher(bare).replaceAll(m -> quoted(" " + first(m) + " "));
    return CURRENCY.matcher(bare).replaceAll("").replace("\\$", "$").strip();
  }

  private static String quoted(String text) {
    return Matcher.quoteReplacement(text);
  }

  private static String first(MatchResult match) {
    for (int i = 1; i <= match.groupCount(); i++) {
      if (match.group(i) != null) {
        return match.group(i);
      }
    }
    return "";
  }

  /// @param sign with the space after it: one that stands alone after a word is a dash
  private static boolean known(String before, String sign) {
    boolean readable = before.matches("\\s*=?(?:[\\p{L}\\s,'\u2019]|(?<=[\\p{L}\\s])[:=])*");
    boolean apart = before.isEmpty() || before.matches("(?s).*[\\s:=]");
    boolean dash = sign.matches("[-+]\\s+") && before.matches("(?s).*\\p{L}\\s+");
    return readable && apart && !dash && AnswerWords.harmlessBefore(before);
  }

  private static Optional<String> value(String text) {
    for (Pattern form : new Pattern[] {NUMBER, SCIENTIFIC, MATHEMATICS}) {
      Matcher matcher = form.matcher(text);
      if (matcher.matches() && ends(matcher.group("after"))) {
        String number = matcher.group("number").replace(",", "");
        return Optional.of(form == SCIENTIFIC ? scaled(number, matcher.group("exponent")) : number);
      }
    }
    return Optional.empty();
  }

  private static String scaled(String number, String exponent) {
    return new BigDecimal(number).scaleByPowerOfTen(Integer.parseInt(exponent)).toPlainString();
  }

  /// Whether the text after the number is known to leave it as it is.
  private static boolean ends(String after) {
    Matcher matcher = AFTER.matcher(after);
    if (!matcher.matches()) {
      return false;
    }
    String words = matcher.group("words");
    boolean touching =
        !words.isEmpty() && Character.isLetter(words.charAt(0)) && matcher.start("words") == 0;
    return touching
        ? AnswerWords.touchingUnit(words.split("[^\\p{L}]", 2)[0])
            && AnswerWords.harmlessAfter(words)
        : AnswerWords.harmlessAfter(words);
  }
}
