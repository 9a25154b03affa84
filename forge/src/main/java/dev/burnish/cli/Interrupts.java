package dev.burnish.cli;

import dev.burnish.concurrent.Stop;
import java.util.concurrent.atomic.AtomicInteger;
import org.jline.utils.Signals;

/// Ctrl-C, and the signal by which schedulers end a job (SIGTERM): the first asks a loop that
/// listens to end with a checkpoint, the second, or the first where none listens, ends the process.
final class Interrupts {
  private static final int TERMINATED = 143;

  private static final AtomicInteger STATUS = new AtomicInteger();

  private Interrupts() {}

  static void handle() {
    Signals.register("INT", Interrupts::interrupted);
    Signals.register("TERM", Interrupts::terminated);
  }

  /// The exit status of a process whose work ended with `own`: another one if it was asked to end.
  static int status(int own) {
    return Stop.wasRequested() ? STATUS.get() : own;
  }

  private static void interrupted() {
    if (!request(Main.INTERRUPTED, "Ctrl-C again ends at once")) {
      Runtime.getRuntime().halt(Main.INTERRUPTED);
    }
  }

  /// Ends the process in good order, as a JVM without this handler does.
  private static void terminated() {
    if (!request(TERMINATED, "a second signal ends at once")) {
      System.exit(TERMINATED);
    }
  }

  private static boolean request(int status, String then) {
    STATUS.compareAndSet(0, status);
    boolean asked = Stop.request();
    if (asked) {
      System.err.println("\nstopping, " + Stop.ending() + "; " + then);
    }
    return asked;
  }
}
