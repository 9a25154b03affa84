package dev.burnish.env.tools;

import dev.burnish.tools.Description;
import dev.burnish.tools.ToolSet;

/// A tool that computes, exactly.
@FunctionalInterface
public interface Calculator {
  /// The value of an expression: a whole number or decimal where it is one, else a fraction and its
  /// first 15 digits. Hostile expressions (`9**9**9`, a thousand parentheses) are refused at once.
  ///
  /// @throws IllegalArgumentException if it is none, or its value is too large or not defined
  @Description(
      "Computes an expression of numbers exactly: + - * / // % ^ ( ) and sqrt, abs, min, max, floor, ceil, round")
  String calculate(@Description("such as (2 + 3) * 4.5 / 7") String expression);

  /// One of rational numbers of at most 8192 bits.
  static Calculator exact() {
    return Arithmetic::evaluate;
  }

  /// The tool `calculate`.
  static ToolSet tools() {
    return ToolSet.of(Calculator.class, exact());
  }
}
