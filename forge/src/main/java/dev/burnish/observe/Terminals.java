package dev.burnish.observe;

import java.io.IOException;
import java.util.function.IntSupplier;
import org.jline.terminal.Terminal;
import org.jline.terminal.TerminalBuilder;

/// What standard output is connected to: the launcher looks, since Java would ask for a terminal on
/// standard input too.
///
/// @param interactive whether a person watches: a terminal that moves its cursor
/// @param width its columns, which change when the window does
record Terminals(boolean interactive, IntSupplier width) {
  private static final int OTHERWISE = 100;

  static Terminals detect() {
    if (!Boolean.getBoolean("burnish.terminal") || isDumb()) {
      return new Terminals(false, () -> OTHERWISE);
    }
    try {
      Terminal terminal =
          TerminalBuilder.builder().system(true).dumb(true).nativeSignals(false).build();
      return new Terminals(
          true,
          () -> terminal.getSize().getColumns() > 0 ? terminal.getSize().getColumns() : OTHERWISE);
    } catch (IOException e) {
      return new Terminals(false, () -> OTHERWISE);
    }
  }

  private static boolean isDumb() {
    return "dumb".equals(System.getenv("TERM"));
  }
}
