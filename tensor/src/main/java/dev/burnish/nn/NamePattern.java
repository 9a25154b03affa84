package dev.burnish.nn;

import java.util.regex.Pattern;

/// Patterns of names of parameters and modules.
public final class NamePattern {
  private NamePattern() {}

  /// Whether a whole name matches a pattern in which `*` stands for any characters.
  public static boolean matches(String pattern, String name) {
    return Pattern.matches(Pattern.quote(pattern).replace("*", "\\E.*\\Q"), name);
  }
}
