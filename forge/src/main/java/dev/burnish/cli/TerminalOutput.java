package dev.burnish.cli;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.util.function.UnaryOperator;

/// The destination of standard output. On a terminal, text from outside is made harmless; a file or
/// a pipe gets it as it is.
final class TerminalOutput {
  private static final int NUMBER = 1;

  private TerminalOutput() {}

  /// The text as it is, unless this goes to a terminal.
  static UnaryOperator<String> made(UnaryOperator<String> harmless) {
    return isTerminal() ? harmless : UnaryOperator.identity();
  }

  /// The launcher tells; a JVM that was started in another way asks the operating system.
  private static boolean isTerminal() {
    if (Boolean.getBoolean("burnish.terminal")) {
      return true;
    }
    try {
      return (int) StandardError.function("isatty", JAVA_INT).invokeExact(NUMBER) == 1;
    } catch (Throwable e) {
      return true;
    }
  }
}
