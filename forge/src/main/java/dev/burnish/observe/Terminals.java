package dev.burnish.observe;

import java.io.IOException;
import java.util.Map;
import java.util.function.IntSupplier;
import org.jline.terminal.spi.SystemStream;
import org.jline.terminal.spi.TerminalProvider;

/// The destination of standard output: the launcher looks, since Java would ask for a terminal on
/// standard input too.
///
/// @param interactive whether a person watches: a terminal that moves its cursor
/// @param width its columns now, which change when the window does
record Terminals(boolean interactive, IntSupplier width) {
  /// The width of a terminal that does not know its own.
  static final int OTHERWISE = 80;

  static Terminals detect() {
    if (!Boolean.getBoolean("burnish.terminal") || isDumb()) {
      return new Terminals(false, () -> OTHERWISE);
    }
    return new Terminals(true, () -> width(columns(), System.getenv()));
  }

  /// The width of the terminal, or less where `COLUMNS` says less: a line that is redrawn must not
  /// be wider than either, or it wraps and the wrapped part stays.
  ///
  /// @param columns 0 if the terminal does not report its width
  static int width(int columns, Map<String, String> environment) {
    String text = environment.getOrDefault("COLUMNS", "");
    int wanted = text.matches("[1-9]\\d{0,5}") ? Integer.parseInt(text) : 0;
    if (columns > 0 && wanted > 0) {
      return Math.min(columns, wanted);
    }
    return Math.max(columns, wanted) > 0 ? Math.max(columns, wanted) : OTHERWISE;
  }

  /// Asks standard output itself, each time: standard input may be something else, and a window
  /// changes its size.
  private static int columns() {
    return Provider.OF_SYSTEM.systemStreamWidth(SystemStream.Output);
  }

  private static boolean isDumb() {
    return "dumb".equals(System.getenv("TERM"));
  }

  private static final class Provider {
    static final TerminalProvider OF_SYSTEM = load();

    private static TerminalProvider load() {
      try {
        return TerminalProvider.load("ffm");
      } catch (IOException e) {
        throw new IllegalStateException("JLine has the provider ffm", e);
      }
    }
  }
}
