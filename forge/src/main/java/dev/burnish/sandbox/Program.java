package dev.burnish.sandbox;

/// A program and its input.
///
/// @param code the source text
/// @param stdin the whole of its standard input, after which it ends
public record Program(Language language, String code, String stdin) {
  /// A Python program without input.
  public static Program python(String code) {
    return new Program(Language.PYTHON, code, "");
  }

  /// This program with another input.
  public Program withStdin(String text) {
    return new Program(language, code, text);
  }
}
