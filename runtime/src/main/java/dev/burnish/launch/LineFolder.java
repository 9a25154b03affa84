package dev.burnish.launch;

import dev.burnish.concurrent.TerminalText;
import dev.burnish.link.Clock;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.regex.Pattern;

/// Prints lines of many processes, each with a prefix `[name/rank]`. Of lines that differ only in
/// numbers the first is printed at once; those that follow within a window are counted, and the
/// last of them printed with their count. Terminal control characters are made harmless.
///
/// Where `out` blocks, so does the thread that passes a line; the clock does not.
public final class LineFolder implements LogSink {
  private static final Pattern NUMBERS = Pattern.compile("[0-9]+(\\.[0-9]+)?");
  private static final int MAX_LENGTH = 4096;

  /// Lines that are watched for similar ones at a time; others are printed as they are.
  private static final int MOST_GROUPS = 1000;

  private final Clock clock;
  private final Duration window;
  private final Consumer<String> out;
  private final Map<String, Group> groups = new LinkedHashMap<>();

  /// Groups whose window is over, and whether a thread is handling them.
  private final Queue<String> over = new ConcurrentLinkedQueue<>();

  private final AtomicBoolean ending = new AtomicBoolean();

  private static final class Group {
    private int numFolded;
    private String last = "";
  }

  /// @param window within which similar lines are folded
  /// @param out prints a line
  public LineFolder(Clock clock, Duration window, Consumer<String> out) {
    this.clock = clock;
    this.window = window;
    this.out = out;
  }

  @Override
  public synchronized void accept(LogLine line) {
    String text =
        line.text().length() <= MAX_LENGTH
            ? line.text()
            : line.text().substring(0, MAX_LENGTH) + "...";
    String shown = TerminalText.clean("[" + line.process() + "] " + text);
    String key = NUMBERS.matcher(text).replaceAll("#");
    Group group = groups.get(key);
    if (group != null) {
      group.numFolded++;
      group.last = shown;
      return;
    }
    if (groups.size() < MOST_GROUPS) {
      groups.put(key, new Group());
      clock.after(window, () -> endSoon(key));
    }
    out.accept(shown);
  }

  /// Printing may block, and the clock must not.
  private void endSoon(String key) {
    over.add(key);
    if (ending.compareAndSet(false, true)) {
      clock.apart("burnish-output/folded", this::endAll);
    }
  }

  private void endAll() {
    do {
      for (String key = over.poll(); key != null; key = over.poll()) {
        end(key);
      }
      ending.set(false);
    } while (!over.isEmpty() && ending.compareAndSet(false, true));
  }

  /// Prints the lines folded so far.
  @Override
  public synchronized void flush() {
    for (String key : groups.keySet().toArray(String[]::new)) {
      end(key);
    }
  }

  private synchronized void end(String key) {
    Group group = groups.remove(key);
    if (group != null && group.numFolded > 0) {
      out.accept(
          group.numFolded == 1
              ? group.last
              : group.last + " [and " + (group.numFolded - 1) + " similar lines]");
    }
  }
}
