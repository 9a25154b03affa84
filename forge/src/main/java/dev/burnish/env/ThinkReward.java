package dev.burnish.env;

import dev.burnish.rollout.Reward;
import java.util.regex.Pattern;

/// 1 if a completion begins with one well-formed `<think>` block that has something in it, 0.2 if
/// it tries, else 0.
///
/// Source: TorchForge's ThinkingReward.
public final class ThinkReward implements Reward {
  private static final double ATTEMPT = 0.2;
  private static final Pattern TAG = Pattern.compile("</?\\s*think(?:ing)?\\s*>");

  @Override
  public double evaluate(String prompt, String completion, String target) {
    String text = completion.strip();
    int end = text.indexOf("</think>");
    long tags = TAG.matcher(text).results().count();
    boolean wellFormed =
        text.startsWith("<think>")
            && end > 0
            && tags == 2
            && FormatReward.hasText(text.substring("<think>".length(), end));
    return wellFormed ? 1 : tags > 0 ? ATTEMPT : 0;
  }
}
