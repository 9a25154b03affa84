package dev.burnish.env;

import dev.burnish.rl.Reward;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// 1 if the marked answer of a completion, after `####` or in `\boxed{}`, equals the target, else
/// 0.
///
/// Equal means exactly equal: rational numbers, roots, multiples of pi, polynomials and quotients
/// of these, sets without order, tuples, intervals with their brackets, matrices. What can not be
/// read is equal only to the same text, so that no wrong answer counts as right; an unusual
/// spelling of a right one may count as wrong.
public final class MathAnswer implements Reward {
  private static final String HASHES = "####";

  /// A longer line after the marker is no number; it would only cost time to find that out.
  private static final int MAX_LINE = 200;

  private static final Pattern NUMBER =
      Pattern.compile("[^\\d.+-]*?([-+]?[\\s$]*(?:\\d[\\d,]*(?:\\.\\d+)?|\\.\\d+))([^\\d]*)");

  /// What follows changes the number.
  private static final Pattern AMOUNT =
      Pattern.compile("(?i)[/\\\\^*]|\\b(?:half|dozen|hundred|thousand|million|billion)\\b");

  private static final Pattern GROUPED = Pattern.compile("[-+]?\\d{1,3}(,\\d{3})+(\\.\\d+)?");

  @Override
  public double evaluate(String prompt, String completion, String target) {
    String right = extract(target).orElse(target);
    return extract(completion).filter(answer -> equal(answer, right)).isPresent() ? 1 : 0;
  }

  /// The last marked answer: the one number of the line after `####`, or what stands in `\boxed{}`.
  public static Optional<String> extract(String completion) {
    int hashes = completion.lastIndexOf(HASHES);
    int boxed = completion.lastIndexOf("\\boxed");
    return hashes > boxed ? afterHashes(completion) : boxed(completion, boxed);
  }

  /// The number in the line after the last `####`, without thousands separators and currency. Empty
  /// if there is none, or more than one.
  public static Optional<String> afterHashes(String text) {
    int hashes = text.lastIndexOf(HASHES);
    if (hashes < 0) {
      return Optional.empty();
    }
    String rest = text.substring(hashes + HASHES.length());
    String line = rest.lines().findFirst().orElse("").strip();
    Matcher matcher = NUMBER.matcher(line);
    if (line.length() > MAX_LINE || !matcher.matches() || AMOUNT.matcher(matcher.group(2)).find()) {
      return Optional.empty();
    }
    String number = matcher.group(1).replaceAll("[\\s$]", "");
    boolean separated = number.indexOf(',') >= 0;
    return separated && !GROUPED.matcher(trimmed(number)).matches()
        ? Optional.empty()
        : Optional.of(trimmed(number).replace(",", "").replace("+", ""));
  }

  /// Whether two answers are the same.
  public static boolean equal(String answer, String target) {
    try {
      return MathText.read(answer).sameAs(MathText.read(target));
    } catch (MathSyntaxException e) {
      String text = MathText.plain(answer);
      return !text.isEmpty() && text.equals(MathText.plain(target));
    }
  }

  /// A comma at the end of a number belongs to the sentence.
  private static String trimmed(String number) {
    return number.endsWith(",") ? number.substring(0, number.length() - 1) : number;
  }

  private static Optional<String> boxed(String text, int start) {
    int open = start < 0 ? -1 : text.indexOf('{', start);
    if (open < 0 || !text.substring(start + "\\boxed".length(), open).isBlank()) {
      return Optional.empty();
    }
    int depth = 0;
    for (int i = open; i < text.length(); i++) {
      boolean escaped = text.charAt(i - 1) == '\\' && text.charAt(Math.max(0, i - 2)) != '\\';
      if (text.charAt(i) == '{' && !escaped) {
        depth++;
      } else if (text.charAt(i) == '}' && !escaped) {
        depth--;
        if (depth == 0) {
          return Optional.of(text.substring(open + 1, i));
        }
      }
    }
    return Optional.empty();
  }
}
