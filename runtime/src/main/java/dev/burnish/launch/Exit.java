package dev.burnish.launch;

import java.util.List;
import java.util.Optional;

/// How a process ended.
///
/// @param code its exit status
/// @param signal that ended it, if one did
/// @param log the last lines of its output
public record Exit(String process, int code, Optional<Integer> signal, List<String> log) {
  private static final int SIGNALLED = 128;
  private static final int MAX_SIGNAL = 64;

  /// From the status as the JVM gives it, which is above 128 for signals.
  static Exit of(String process, int status, List<String> log) {
    boolean signalled = status > SIGNALLED && status <= SIGNALLED + MAX_SIGNAL;
    return new Exit(
        process, status, signalled ? Optional.of(status - SIGNALLED) : Optional.empty(), log);
  }

  /// `process procs/1 was ended by signal 9`.
  public String describe() {
    return signal
        .map(number -> "process %s was ended by signal %d".formatted(process, number))
        .orElseGet(() -> "process %s exited with status %d".formatted(process, code));
  }
}
