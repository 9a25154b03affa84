package dev.burnish.env;

import java.util.Optional;
import java.util.regex.Pattern;

/// The content of `\boxed{}`, unless the box is only a part of a larger number.
final class BoxedAnswer {
  private static final String BOX = "\\boxed";

  /// The number of characters that are looked at on either side.
  private static final int CONTEXT = 40;

  /// A sign that touches the box or follows an operand, an operation after one, a number, the group
  /// of a root, a fraction or an exponent.
  private static final Pattern PART_OF_BEFORE =
      Pattern.compile(
          "(?s).*(?:[-+]|[\\d)}=]\\s*[-+]\\s*|[/^\u221a]\\s*|[\\w}]_|[\\d)}]!\\s*|[\\d]\\.?"
              + "|(?:[\\d)}]|(?<!\\p{L})\\p{L})\\s*\\*{1,2}\\s*"
              + "|\\\\(?:cdot|times|div|pm|mp|sqrt|[dt]?frac)\\s*(?:\\[\\d+])?"
              + "|(?:\\\\sqrt|\\\\[dt]?frac|[\\^_])\\s*(?:\\[\\d+]\\s*)?\\{[^{}]*"
              + "|\\\\[dt]?frac\\s*\\{[^{}]*}\\s*(?:\\{[^{}]*}?)?)");

  private static final Pattern PART_OF_AFTER =
      Pattern.compile(
          "(?s)(?:\\s*(?:\\^\\s*(?!\\s*\\{?\\s*\\\\circ)|/|\\*{1,2}\\s*[\\d\\\\({]|[-+]\\s*[\\d\\\\(]"
              + "|\\\\(?:cdot|times|div|pm|mp|[dt]?frac|sqrt|binom)(?![a-zA-Z])|[\u2030\u2031\u221a])"
              + "|!|\\d|\\.\\d|_[\\d{]|\\*{1,2}\\p{L}|\\p{L}).*");

  /// Spaces, ends of mathematics and braces between the box and the word after it.
  private static final Pattern NEXT_WORD =
      Pattern.compile(
          "(?s)(?:\\s|\\$|\\\\[,;:!)\\]]|\\\\(?:text|mathrm|mbox)\\s*\\{\\s*)*([\\p{L}]+).*");

  private BoxedAnswer() {}

  static Optional<String> at(String text, int start) {
    int open = start < 0 ? -1 : text.indexOf('{', start);
    if (open < 0 || !text.substring(start + BOX.length(), open).isBlank()) {
      return Optional.empty();
    }
    int close = close(text, open);
    return close < 0 || isPart(text, start, close + 1)
        ? Optional.empty()
        : Optional.of(text.substring(open + 1, close));
  }

  /// The index of the brace that closes the one there, or -1.
  private static int close(String text, int open) {
    int depth = 0;
    for (int i = open; i < text.length(); i++) {
      boolean escaped = text.charAt(i - 1) == '\\' && text.charAt(Math.max(0, i - 2)) != '\\';
      if (text.charAt(i) == '{' && !escaped) {
        depth++;
      } else if (text.charAt(i) == '}' && !escaped) {
        depth--;
        if (depth == 0) {
          return i;
        }
      }
    }
    return -1;
  }

  private static boolean isPart(String text, int start, int end) {
    String before = line(text.substring(Math.max(0, start - CONTEXT), start), true);
    String after = line(text.substring(end, Math.min(text.length(), end + CONTEXT)), false);
    var word = NEXT_WORD.matcher(after);
    return PART_OF_BEFORE.matcher(before).matches()
        || PART_OF_AFTER.matcher(after).matches()
        || (word.matches() && AnswerWords.isAmount(word.group(1)));
  }

  /// The part of the line that touches the box, in plain characters.
  private static String line(String text, boolean last) {
    String[] lines = text.split("\\R", -1);
    return MathCharacters.plain(lines[last ? lines.length - 1 : 0]);
  }
}
