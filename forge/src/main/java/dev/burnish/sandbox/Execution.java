package dev.burnish.sandbox;

/// One run of a program.
///
/// @param stdout UTF-8, other bytes as U+FFFD; with `stderr` at most the limit on output
/// @param seconds from start to end
/// @param cpuSeconds processor time of all its processes
/// @param peakBytes the most memory at a time, as far as it was seen
public record Execution(
    String stdout,
    String stderr,
    Ending ending,
    double seconds,
    double cpuSeconds,
    long peakBytes) {
  /// Whether it exited with 0.
  public boolean succeeded() {
    return ending.equals(new Ending.Exited(0));
  }

  /// The program's own status; else 128 plus the signal that ended it, 124 for a limit of time, 137
  /// for memory, 125 if its output was too long, 126 if the sandbox was lost.
  public int exitCode() {
    return switch (ending) {
      case Ending.Exited(int code) -> code;
      case Ending.Killed(int signal) -> 128 + signal;
      case Ending.TimedOut _ -> 124;
      case Ending.OutOfMemory _ -> 137;
      case Ending.OutputTooLong _ -> 125;
      case Ending.Lost _ -> 126;
    };
  }

  /// An execution of which nothing is known.
  static Execution lost(String reason) {
    return new Execution("", "", new Ending.Lost(reason), 0, 0, 0);
  }
}
