package dev.burnish.launch.remote;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.OutputStream;
import java.util.List;
import java.util.concurrent.CancellationException;

/// A system command that is run to its end.
final class Tool {
  private Tool() {}

  /// @param output both streams, without white space at its ends
  record Result(int status, String output) {}

  /// Runs a command.
  ///
  /// @param input its standard input
  /// @throws IllegalArgumentException if there is no such command
  /// @throws CancellationException if the caller is interrupted
  static Result run(List<String> command, String input) {
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      try (OutputStream in = process.getOutputStream()) {
        in.write(input.getBytes(UTF_8));
      }
      String output = new String(process.getInputStream().readAllBytes(), UTF_8);
      return new Result(process.waitFor(), output.strip());
    } catch (IOException e) {
      throw new IllegalArgumentException(
          "the command is on the PATH of the controller: command=%s (%s); install it, or run where it is"
              .formatted(command.getFirst(), e.getMessage()),
          e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancellationException("interrupted while it ran " + command.getFirst());
    }
  }
}
