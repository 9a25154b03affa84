package dev.burnish.sandbox;

import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Tries to get out of a sandbox, from inside (`escape_probe.py`), and then looks in another one
/// for what the first has left behind.
public final class EscapeProbe {
  private static final AtomicBoolean PROVEN = new AtomicBoolean();
  private static final Limits LIMITS = Limits.defaults().withSeconds(60);

  private EscapeProbe() {}

  /// One attempt.
  ///
  /// @param detail why it failed, or how far it came
  public record Attempt(String name, boolean blocked, String detail) {}

  /// All attempts in a sandbox of its own, in order, whether they are blocked or not.
  ///
  /// @throws SandboxUnavailable if there is no sandbox, or it ended before the last one
  public static List<Attempt> run(SandboxSettings settings) {
    try (CodeSandbox sandbox = unproven(settings)) {
      return run(sandbox);
    }
  }

  private static CodeSandbox unproven(SandboxSettings settings) {
    return switch (settings.isolation()) {
      case BUBBLEWRAP -> BubblewrapSandbox.open(settings);
      case NONE ->
          throw new IllegalArgumentException(
              "without isolation nothing holds an escape probe, which would harm this machine: isolation=NONE; probe BUBBLEWRAP");
    };
  }

  static List<Attempt> run(CodeSandbox sandbox) {
    Program probe = Program.python(ServerFolder.text("escape_probe.py"));
    return Stream.of("", "after")
        .flatMap(input -> attempts(sandbox.execute(probe.withStdin(input), LIMITS)))
        .toList();
  }

  /// The sandbox, if it holds all attempts; one that does not is closed. Once it has held them,
  /// this process does not try again.
  ///
  /// @throws SandboxUnavailable if an attempt got through
  static CodeSandbox proven(CodeSandbox sandbox) {
    if (PROVEN.get()) {
      return sandbox;
    }
    try {
      check(run(sandbox));
      PROVEN.set(true);
      return sandbox;
    } catch (RuntimeException e) {
      sandbox.close();
      throw e;
    }
  }

  /// @throws SandboxUnavailable if an attempt got through, with its name
  static void check(List<Attempt> attempts) {
    List<Attempt> through = attempts.stream().filter(attempt -> !attempt.blocked()).toList();
    if (!through.isEmpty()) {
      throw new SandboxUnavailable(
          "a sandbox must block every attempt of its escape probe: blocked=%d of %d; these got through: %s; update the kernel and bubblewrap, or report it"
              .formatted(
                  attempts.size() - through.size(),
                  attempts.size(),
                  through.stream()
                      .map(attempt -> attempt.name() + " (" + attempt.detail() + ")")
                      .collect(Collectors.joining(", "))));
    }
  }

  /// Parses the output of the probe, whose last line has the number of attempts.
  static Stream<Attempt> attempts(Execution execution) {
    List<String> lines = execution.stdout().lines().toList();
    int count = lines.size() - 1;
    if (!execution.succeeded() || count < 1 || !lines.getLast().equals("done " + count)) {
      throw new SandboxUnavailable(
          "the escape probe must end by itself: it %s after %d attempts; %s"
              .formatted(execution.ending().describe(), lines.size(), execution.stderr().strip()));
    }
    return lines.subList(0, count).stream().map(EscapeProbe::attempt);
  }

  private static Attempt attempt(String line) {
    String[] words = line.split(" ", 3);
    return new Attempt(words[1], words[0].equals("blocked"), words.length > 2 ? words[2] : "");
  }
}
