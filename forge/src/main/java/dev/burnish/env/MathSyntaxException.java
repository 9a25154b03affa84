package dev.burnish.env;

import java.io.Serial;

/// A text that is not mathematics that can be compared exactly.
final class MathSyntaxException extends RuntimeException {
  @Serial private static final long serialVersionUID = 1;

  MathSyntaxException(String message) {
    super(message, null, false, false);
  }
}
