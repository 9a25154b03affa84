package dev.burnish.launch;

/// A line that a process printed.
public record LogLine(String process, Source source, String text) {
  /// The stream to which it was printed.
  public enum Source {
    /// Standard output.
    OUT,
    /// Standard error.
    ERR
  }
}
