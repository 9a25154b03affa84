package dev.burnish.env;

import dev.burnish.rl.Reward;

/// 1 if a completion ends in a marked answer, so that it can be read at all: its last line that is
/// not blank holds `#### ` with one number, or a closed `\boxed{}` with something in it. A small
/// weight of it beside [MathAnswer] teaches the form before the content.
public final class FormatReward implements Reward {
  @Override
  public double evaluate(String prompt, String completion, String target) {
    String text = completion.strip();
    String lastLine = text.substring(text.lastIndexOf('\n') + 1);
    return MathAnswer.extract(lastLine).filter(answer -> !answer.isBlank()).isPresent() ? 1 : 0;
  }
}
