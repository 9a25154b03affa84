package dev.burnish.cli;

import dev.burnish.concurrent.Stop;
import org.jline.utils.Signals;

/// Ctrl-C: the first asks a loop that listens to end with a checkpoint, the second, or the first
/// where none listens, ends the process.
final class Interrupts {
  private Interrupts() {}

  static void handle() {
    Signals.register("INT", Interrupts::interrupted);
  }

  private static void interrupted() {
    if (Stop.request()) {
      System.err.println(
          "\nstopping after this step, with a checkpoint; Ctrl-C again ends at once");
    } else {
      Runtime.getRuntime().halt(Main.INTERRUPTED);
    }
  }
}
