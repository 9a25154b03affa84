package dev.burnish.launch;

import java.io.IOException;
import java.util.List;

/// Lets a child that was stopped (SIGSTOP) go on when its parent dies, where the operating system
/// can: a stopped process does not see the end of its standard input, and would stay for good.
///
/// The kernel sends the signal also when the thread that started the child ends while the parent
/// lives on, as threads of a pool do: so it is one that a running process does not notice.
final class DeathSignal {
  private static final List<String> SET = List.of("setpriv", "--pdeathsig", "CONT");
  private static final List<String> PREFIX = isThere() ? SET : List.of();

  private DeathSignal() {}

  /// What goes before the command of a child; nothing where `setpriv` of util-linux is missing.
  static List<String> prefix() {
    return PREFIX;
  }

  /// Lets a process go on that was stopped; does nothing to any other.
  static void wake(long pid) {
    try {
      new ProcessBuilder("kill", "-CONT", Long.toString(pid)).start();
    } catch (IOException e) {
      System.getLogger(DeathSignal.class.getName())
          .log(System.Logger.Level.DEBUG, "cannot wake process {0}: {1}", pid, e);
    }
  }

  private static boolean isThere() {
    try {
      return new ProcessBuilder("setpriv", "--pdeathsig", "CONT", "true")
              .redirectErrorStream(true)
              .start()
              .waitFor()
          == 0;
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}
