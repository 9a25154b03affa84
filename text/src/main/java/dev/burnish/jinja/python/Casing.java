package dev.burnish.jinja.python;

import java.util.Locale;
import java.util.function.IntPredicate;

/// Upper and lower case, digits and names, as Python's `str` sees them.
public final class Casing {
  private Casing() {}

  public static String capitalize(String text) {
    if (text.isEmpty()) {
      return text;
    }
    int first = text.codePointAt(0);
    return titleCase(first) + text.substring(Character.charCount(first)).toLowerCase(Locale.ROOT);
  }

  private static String titleCase(int c) {
    String upper = Character.toString(c).toUpperCase(Locale.ROOT);
    if (Character.toTitleCase(c) == c && upper.length() > Character.charCount(c)) {
      int first = upper.codePointAt(0);
      return Character.toString(first)
          + upper.substring(Character.charCount(first)).toLowerCase(Locale.ROOT);
    }
    return Character.toString(Character.toTitleCase(c));
  }

  static String title(String text) {
    StringBuilder out = new StringBuilder(text.length());
    boolean inWord = false;
    for (int i = 0; i < text.length(); ) {
      int c = text.codePointAt(i);
      i += Character.charCount(c);
      if (inWord) {
        out.append(Character.toString(c).toLowerCase(Locale.ROOT));
      } else {
        out.append(titleCase(c));
      }
      inWord = isCased(c);
    }
    return out.toString();
  }

  private static boolean isCased(int c) {
    return Character.isUpperCase(c) || Character.isLowerCase(c) || Character.isTitleCase(c);
  }

  /// Whether there is a cased character and all cased ones are of that case.
  public static boolean isCased(String text, IntPredicate wanted) {
    return text.codePoints().anyMatch(wanted)
        && text.codePoints().allMatch(c -> !isCased(c) || wanted.test(c));
  }

  static boolean isDigit(int c) {
    return Character.isDigit(c)
        || c == 0xB2
        || c == 0xB3
        || c == 0xB9
        || (c >= 0x2070 && c <= 0x2089 && c != 0x2071)
        || (c >= 0x2460 && c <= 0x2468)
        || (c >= 0x2474 && c <= 0x247C);
  }

  static boolean isNumeric(int c) {
    int type = Character.getType(c);
    return type == Character.DECIMAL_DIGIT_NUMBER
        || type == Character.LETTER_NUMBER
        || type == Character.OTHER_NUMBER
        || "一二三四五六七八九十百千万億兆〇零".indexOf(c) >= 0;
  }
}
