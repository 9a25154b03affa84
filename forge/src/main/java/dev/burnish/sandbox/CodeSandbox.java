package dev.burnish.sandbox;

/// Runs programs that nobody has read. Thread-safe: as many run at a time as the settings say, and
/// others wait, which does not count against their limits.
///
/// Nothing of one execution is there in another one: no process, file, socket or memory.
public interface CodeSandbox extends AutoCloseable {
  /// Runs a program until it ends or reaches a limit. An interrupt kills it.
  ///
  /// @throws java.util.concurrent.CancellationException if the caller was interrupted
  /// @throws SandboxUnavailable if there can be no sandbox on this machine any more
  Execution execute(Program program, Limits limits);

  /// One line for people: what isolates programs and what limits their memory.
  String describe();

  /// Kills all that runs and releases everything.
  @Override
  void close();

  /// A sandbox as the settings have it, once it has held what the escape probe tried.
  ///
  /// @throws SandboxUnavailable if this machine has none, with the cure, or an attempt got through
  static CodeSandbox open(SandboxSettings settings) {
    return switch (settings.isolation()) {
      case BUBBLEWRAP -> EscapeProbe.proven(BubblewrapSandbox.open(settings));
      case NONE -> new UnprotectedPrograms(settings);
    };
  }
}
