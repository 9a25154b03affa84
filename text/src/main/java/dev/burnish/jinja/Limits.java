package dev.burnish.jinja;

import dev.burnish.jinja.python.PyText;

/// The resources that one rendering may use: enough for any conversation, little enough that a
/// hostile template stops within seconds.
///
/// @param steps statements, expressions and items that may be gone through
/// @param output characters that may be written
public record Limits(long steps, int output) {

  public Limits {
    if (steps < 1 || output < 1) {
      throw new IllegalArgumentException(
          "limits must be positive: steps=%d output=%d".formatted(steps, output));
    }
  }

  public static Limits defaults() {
    return new Limits(20_000_000, PyText.LONGEST);
  }

  public Limits withSteps(long newSteps) {
    return new Limits(newSteps, output);
  }

  public Limits withOutput(int newOutput) {
    return new Limits(steps, newOutput);
  }
}
