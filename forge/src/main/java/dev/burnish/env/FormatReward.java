package dev.burnish.env;

import dev.burnish.rollout.Reward;
import java.util.regex.Pattern;

/// 1 if a completion ends in a marked answer, so that it can be read at all: its last line that is
/// not blank holds `#### ` with one number, or a closed `\boxed{}` with something in it. Added to
/// [MathAnswer] with a small weight, it teaches the form before the content.
public final class FormatReward implements Reward {
  private static final Pattern SPACE = Pattern.compile("\\\\(?:[,;:! ]|q?quad(?![a-zA-Z]))|[~{}$]");

  @Override
  public double evaluate(String prompt, String completion, String target) {
    String text = completion.strip();
    String lastLine = text.substring(text.lastIndexOf('\n') + 1);
    return MathAnswer.extract(lastLine).filter(FormatReward::hasText).isPresent() ? 1 : 0;
  }

  /// Whether there is anything to read: spaces have many forms, and some are commands of LaTeX.
  static boolean hasText(String text) {
    return SPACE.matcher(text).replaceAll("").codePoints().anyMatch(FormatReward::isVisible);
  }

  private static boolean isVisible(int c) {
    boolean format = Character.getType(c) == Character.FORMAT;
    return !Character.isWhitespace(c) && !Character.isSpaceChar(c) && !format;
  }
}
