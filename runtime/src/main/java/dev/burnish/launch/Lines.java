package dev.burnish.launch;

import java.io.IOException;
import java.io.Reader;
import java.util.function.Consumer;

/// Splits text into lines; a line without an end comes in pieces: memory is bounded, whatever the
/// input. A line ends with `\n`, `\r` or both.
final class Lines {
  /// The most characters of a line that are passed on at once.
  static final int LONGEST = 1 << 16;

  private static final int USUAL = 1 << 10;

  private final Consumer<String> to;
  private StringBuilder line = new StringBuilder();
  private boolean begun;
  private boolean afterReturn;

  private Lines(Consumer<String> to) {
    this.to = to;
  }

  /// Reads to the end.
  ///
  /// @param to receives each line without its end, and the last one also if it has none
  static void read(Reader text, Consumer<String> to) throws IOException {
    Lines lines = new Lines(to);
    try {
      char[] some = new char[USUAL];
      int read = text.read(some);
      while (read >= 0) {
        lines.take(some, read);
        read = text.read(some);
      }
    } finally {
      if (lines.begun) {
        lines.end();
      }
    }
  }

  private void take(char[] some, int count) {
    for (int i = 0; i < count; i++) {
      char c = some[i];
      boolean second = afterReturn && c == '\n';
      afterReturn = c == '\r';
      if (second) {
        continue;
      }
      if (c == '\n' || c == '\r') {
        end();
      } else {
        add(c);
      }
    }
  }

  private void add(char c) {
    if (line.length() >= LONGEST && !Character.isLowSurrogate(c)) {
      end();
    }
    begun = true;
    line.append(c);
  }

  private void end() {
    String whole = line.toString();
    begun = false;
    if (line.capacity() > USUAL) {
      line = new StringBuilder();
    } else {
      line.setLength(0);
    }
    to.accept(whole);
  }
}
