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

  /// The status of a JVM that ends because it is out of memory, and the message that it prints.
  private static final int NO_MEMORY = 3;

  private static final String LAST_WORDS = "Terminating due to java.lang.OutOfMemoryError";

  /// From the exit status as the JVM reports it, which is above 128 for signals.
  static Exit of(String process, int status, List<String> log) {
    boolean signalled = status > SIGNALLED && status <= SIGNALLED + MAX_SIGNAL;
    return new Exit(
        process, status, signalled ? Optional.of(status - SIGNALLED) : Optional.empty(), log);
  }

  /// `process procs/1 was ended by signal 9`, or that it ran out of memory.
  public String describe() {
    return outOfMemory()
        .or(() ->
            signal.map(number -> "process %s was ended by signal %d".formatted(process, number)))
        .orElseGet(() -> "process %s exited with status %d".formatted(process, code));
  }

  private Optional<String> outOfMemory() {
    return Optional.of(code)
        .filter(status -> status == NO_MEMORY)
        .flatMap(status -> log.stream().filter(line -> line.contains(LAST_WORDS)).findFirst())
        .map(line ->
            "process %s ran out of memory (%s), exit status %d; give it more (launch.megabytes), or less at a time"
                .formatted(
                    process, line.substring(line.indexOf("java.lang.OutOfMemoryError")), code));
  }
}
