package dev.burnish.env;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The text of an answer, LaTeX or plain, brought to one spelling and cut into its structure.
///
/// Source: the rules of Hendrycks et al. 2021 (MATH, is_equiv) and math-verify, made stricter.
final class MathText {
  /// Beyond this an answer is compared as text: no task has longer ones, and parsing is recursive.
  private static final int MAX_LENGTH = 400;

  private static final int MAX_DEPTH = 40;

  private static final Pattern SPACING =
      Pattern.compile(
          "(?<!\\\\)\\\\(?:(?:left|right|displaystyle|limits|quad|qquad)(?![a-zA-Z])|[,;:!]\\s*| )"
              + "|(?<=[^\\s~])~");

  /// A space between digits, other than one that groups them by threes, is between two numbers.
  private static final Pattern BETWEEN_NUMBERS =
      Pattern.compile("(?<=\\d)(?:\\\\[,;:! ]|~|\\\\q?quad|\\\\?\\$)+\\s*(?=\\d)(?!\\d{3}(?!\\d))");

  private static final Pattern MIXED = Pattern.compile("([-+]?\\d+)\\s+(\\d+)/(\\d+)");
  private static final Pattern TEXT =
      Pattern.compile(
          "\\\\(?:text|mathrm|mbox|textbf|mathbf|textit|operatorname)\\s*\\{([^{}]*)\\}");
  private static final Pattern GROUPED =
      Pattern.compile("(?<![\\d.,(\\[{;])\\d{1,3}(?:,\\d{3})+(?![\\d,])");
  private static final Pattern VARIABLE = Pattern.compile("[a-zA-Z]\\s*(?:=|\\\\in(?![a-z]))(.*)");
  private static final Pattern UNIT =
      Pattern.compile(
          "(.*[\\d})!])\\s+((?:[a-zA-Z]{3,}|cm|mm|km|kg|mg|ml|mL|ft|in|lb|oz|hr|mi|yd|sq|am|pm)"
              + "(?:(?:\\s+|/)[a-zA-Z]+)*)(\\s*\\^\\s*\\{?[23]}?)?");
  private static final Pattern MATRIX =
      Pattern.compile("\\\\begin\\{([pbBvV]?matrix)\\}(.*)\\\\end\\{\\1\\}");

  private MathText() {}

  /// @throws MathSyntaxException if it is not mathematics that can be compared
  static MathValue read(String text) {
    if (text.length() > MAX_LENGTH || depth(text) > MAX_DEPTH) {
      throw new MathSyntaxException("too long or too deep");
    }
    Unit unit = withoutUnit(unified(text));
    String bare = withoutVariable(unit.value);
    String variable = bare.equals(unit.value) ? "" : unit.value.substring(0, 1);
    return new MathValue.Answer(structure(bare), variable, unit.name, unit.percent);
  }

  /// Lower case with single spaces, for answers in words.
  static String plain(String text) {
    if (text.length() > MAX_LENGTH) {
      return text.strip();
    }
    return unified(text)
        .replaceAll("\\s+", " ")
        .replaceAll("^\\(([a-zA-Z])\\)$", "$1")
        .replaceAll("\\{(\\w)}", "$1")
        .toLowerCase(Locale.ROOT);
  }

  private static String unified(String text) {
    String ascii = BETWEEN_NUMBERS.matcher(MathCharacters.plain(text.strip())).replaceAll(" ");
    String words =
        TEXT.matcher(ascii.replaceAll("(?<=\\d)\\{,}(?=\\d{3})", ""))
            .replaceAll(m -> Matcher.quoteReplacement(" " + m.group(1) + " "));
    String grouped =
        GROUPED
            .matcher(SPACING.matcher(words).replaceAll(""))
            .replaceAll(m -> m.group().replaceAll("[^\\d]", ""));
    return grouped
        .replaceAll("(?i)\\s*\\bpercent\\b", "%")
        .replaceAll("\\s+(?:or|and)\\s+", ", ")
        .replace("\\dfrac", "\\frac")
        .replace("\\tfrac", "\\frac")
        .replace("\\cfrac", "\\frac")
        .replace("\\$", "")
        .replace("$", "")
        .replaceAll("(?<!\\.)\\.\\s*$", "")
        .strip();
  }

  private record Unit(String value, String name, boolean percent) {}

  /// A number may be followed by a unit; angles lose their sign.
  private static Unit withoutUnit(String text) {
    String bare = text.replaceAll("\\^\\s*(?:\\{\\s*\\\\circ\\s*\\}|\\\\circ)|\u00b0", "").strip();
    if (bare.endsWith("%")) {
      String number = bare.substring(0, bare.length() - 1).replaceAll("\\\\$", "");
      return new Unit(number, "", true);
    }
    Matcher unit = UNIT.matcher(bare);
    boolean named = unit.matches() && !bare.startsWith("\\begin");
    if (named && !AnswerWords.harmlessAfter(unit.group(2))) {
      throw new MathSyntaxException("a word that may change the number: " + unit.group(2));
    }
    return named ? new Unit(unit.group(1), unitName(unit), false) : new Unit(bare, "", false);
  }

  private static String unitName(Matcher unit) {
    String power = unit.group(3) == null ? "" : unit.group(3).replaceAll("[^23]", "");
    return unit.group(2).toLowerCase(Locale.ROOT) + power;
  }

  private static String withoutVariable(String text) {
    Matcher matcher = VARIABLE.matcher(text);
    return matcher.matches() ? matcher.group(1).strip() : text;
  }

  private static MathValue structure(String text) {
    Matcher mixed = MIXED.matcher(text);
    if (mixed.matches()) {
      return MathParser.parse(mixed.replaceFirst("$1\\\\frac{$2}{$3}"));
    }
    List<String> union = split(text, "\\cup");
    if (union.size() > 1) {
      return new MathValue.Unordered("union", union.stream().map(MathText::structure).toList());
    }
    Matcher matrix = MATRIX.matcher(text);
    if (matrix.matches()) {
      return matrix(matrix.group(1), matrix.group(2));
    }
    if (text.startsWith("\\{") && text.endsWith("\\}")) {
      return new MathValue.Unordered("set", items(text.substring(2, text.length() - 2)));
    }
    return bracketed(text).orElseGet(() -> bare(text));
  }

  /// `(a, b)` and `[a, b)`: empty if the brackets are not a pair around a list.
  private static Optional<MathValue> bracketed(String text) {
    boolean brackets =
        text.length() > 2
            && "([".indexOf(text.charAt(0)) >= 0
            && ")]".indexOf(text.charAt(text.length() - 1)) >= 0;
    if (!brackets) {
      return Optional.empty();
    }
    String inner = text.substring(1, text.length() - 1);
    if (!balanced(inner) || (split(inner, ",").size() < 2 && text.charAt(0) == '(')) {
      return Optional.empty();
    }
    return Optional.of(
        new MathValue.Ordered(text.charAt(0), items(inner), text.charAt(text.length() - 1)));
  }

  private static MathValue bare(String text) {
    List<String> parts = split(text, ",");
    if (parts.size() > 1) {
      return new MathValue.Unordered("set", parts.stream().map(MathText::structure).toList());
    }
    if (text.contains("\\pm")) {
      return new MathValue.Unordered(
          "set",
          List.of(
              MathParser.parse(text.replace("\\pm", "+")),
              MathParser.parse(text.replace("\\pm", "-"))));
    }
    return MathParser.parse(text);
  }

  private static MathValue matrix(String kind, String body) {
    List<List<MathValue>> rows = new ArrayList<>();
    for (String row : split(body, "\\\\")) {
      if (!row.isBlank()) {
        rows.add(split(row, "&").stream().map(MathText::structure).toList());
      }
    }
    boolean bars = kind.equals("vmatrix") || kind.equals("Vmatrix");
    return new MathValue.Matrix(bars ? kind : "matrix", rows);
  }

  private static List<MathValue> items(String text) {
    return text.isBlank() ? List.of() : split(text, ",").stream().map(MathText::structure).toList();
  }

  /// The parts between a separator outside of all brackets.
  private static List<String> split(String text, String separator) {
    List<String> parts = new ArrayList<>();
    int depth = 0;
    int start = 0;
    for (int i = 0; i < text.length(); i++) {
      depth += step(text.charAt(i));
      if (depth == 0 && text.startsWith(separator, i)) {
        parts.add(text.substring(start, i).strip());
        start = i + separator.length();
        i = start - 1;
      }
    }
    parts.add(text.substring(start).strip());
    return parts;
  }

  private static boolean balanced(String text) {
    int depth = 0;
    for (int i = 0; i < text.length() && depth >= 0; i++) {
      depth += step(text.charAt(i));
    }
    return depth == 0;
  }

  private static int depth(String text) {
    int depth = 0;
    int deepest = 0;
    for (int i = 0; i < text.length(); i++) {
      depth += step(text.charAt(i));
      deepest = Math.max(deepest, depth);
    }
    return deepest;
  }

  private static int step(char c) {
    return switch (c) {
      case '(', '[', '{' -> 1;
      case ')', ']', '}' -> -1;
      default -> 0;
    };
  }
}
