package dev.burnish.tools;

import java.util.List;

/// The arguments of a call do not fit the schema of its tool. The message is for the model: each
/// value with the one that was expected.
public final class ArgumentsRefused extends RuntimeException {
  private static final long serialVersionUID = 1;

  /// @param problems one per argument
  public ArgumentsRefused(List<String> problems) {
    super(String.join("; ", problems));
  }
}
