package dev.burnish.jinja;

import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/// Python's `strftime` in the C locale. Unknown directives are left unchanged.
final class Strftime {
  private Strftime() {}

  static String format(ZonedDateTime time, String format) {
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < format.length(); i++) {
      char c = format.charAt(i);
      if (c != '%' || i + 1 == format.length()) {
        out.append(c);
        continue;
      }
      char kind = format.charAt(++i);
      boolean bare = (kind == '-' || kind == '_') && i + 1 < format.length();
      if (bare) {
        String padded = directive(time, format.charAt(++i));
        String digits = padded.replaceFirst("^0+(?=\\d)", "");
        out.append(kind == '-' ? digits : " ".repeat(padded.length() - digits.length()) + digits);
      } else {
        out.append(directive(time, kind));
      }
    }
    return out.toString();
  }

  private static String directive(ZonedDateTime time, char kind) {
    return switch (kind) {
      case 'a' -> pattern(time, "EEE");
      case 'A' -> pattern(time, "EEEE");
      case 'b', 'h' -> pattern(time, "MMM");
      case 'B' -> pattern(time, "MMMM");
      case 'd' -> pattern(time, "dd");
      case 'e' -> String.format(Locale.ROOT, "%2d", time.getDayOfMonth());
      case 'f' -> pattern(time, "SSSSSS");
      case 'F' -> pattern(time, "yyyy-MM-dd");
      case 'H' -> pattern(time, "HH");
      case 'I' -> pattern(time, "hh");
      case 'j' -> pattern(time, "DDD");
      case 'm' -> pattern(time, "MM");
      case 'M' -> pattern(time, "mm");
      case 'p' -> pattern(time, "a");
      case 'S' -> pattern(time, "ss");
      case 'T' -> pattern(time, "HH:mm:ss");
      case 'y' -> pattern(time, "yy");
      case 'Y' -> Integer.toString(time.getYear());
      case 'z', 'Z' -> ""; // Python's now() knows no zone
      case '%' -> "%";
      default -> "%" + kind;
    };
  }

  private static String pattern(ZonedDateTime time, String pattern) {
    return DateTimeFormatter.ofPattern(pattern, Locale.ENGLISH).format(time);
  }
}
