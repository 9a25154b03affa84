package dev.burnish.concurrent;

import java.util.Locale;
import java.util.function.IntFunction;
import java.util.function.IntPredicate;

/// Foreign text (completions, lines of processes, names, messages), made harmless for display in a
/// terminal: nothing in it moves the cursor, changes colours or titles, reorders the text shown or
/// hides something.
///
/// That is every control character except the tab, and every format character except those that
/// scripts need to be written correctly: the joiners, the soft hyphen, signs before Arabic numbers.
public final class TerminalText {
  private static final String HARMLESS = "�";

  private TerminalText() {}

  /// One line: each such character, ends of lines among them, becomes U+FFFD.
  public static String clean(String text) {
    return replaced(text, TerminalText::isHarmful, _ -> HARMLESS);
  }

  /// Several lines: as [#clean(String)], but each line ends where it did.
  public static String cleanLines(String text) {
    return replaced(
        text.indexOf('\r') < 0 ? text : text.replace("\r\n", "\n"),
        point -> point != '\n' && isHarmful(point),
        _ -> HARMLESS);
  }

  /// Escapes each such character as in a JSON or Java string, such as `\u202e`: JSON keeps its
  /// value.
  public static String escaped(String text) {
    return replaced(text, point -> point != '\n' && isHarmful(point), TerminalText::escape);
  }

  private static String escape(int point) {
    StringBuilder escaped = new StringBuilder();
    for (char unit : Character.toChars(point)) {
      escaped.append(String.format(Locale.ROOT, "\\u%04x", (int) unit));
    }
    return escaped.toString();
  }

  private static String replaced(String text, IntPredicate harmful, IntFunction<String> instead) {
    if (text.codePoints().noneMatch(harmful)) {
      return text;
    }
    StringBuilder result = new StringBuilder(text.length());
    text.codePoints()
        .forEach(point -> {
          if (harmful.test(point)) {
            result.append(instead.apply(point));
          } else {
            result.appendCodePoint(point);
          }
        });
    return result.toString();
  }

  private static boolean isHarmful(int point) {
    return switch (Character.getType(point)) {
      case Character.CONTROL -> point != '\t';
      case Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR -> true;
      case Character.FORMAT -> !isOfScript(point);
      default -> false;
    };
  }

  /// Soft hyphen, joiners, and signs that are shown before a number or a name.
  private static boolean isOfScript(int point) {
    return point == 0xAD
        || point == 0x200C
        || point == 0x200D
        || (point >= 0x600 && point <= 0x605)
        || point == 0x6DD
        || point == 0x70F
        || point == 0x890
        || point == 0x891
        || point == 0x8E2
        || point == 0x110BD
        || point == 0x110CD;
  }
}
