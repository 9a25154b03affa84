package dev.burnish.launch;

/// A line that a process printed.
public record LogLine(String process, Source source, String text) {
  /// Where it was printed to.
  public enum Source {
    /// Standard output.
    OUT,
    /// Standard error.
    ERR
  }
}
