package dev.burnish.observe;

import dev.burnish.concurrent.TerminalText;
import dev.burnish.metrics.ConsoleSink;
import dev.burnish.metrics.MetricSink;
import dev.burnish.metrics.StepMetrics;
import java.io.PrintStream;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.IntSupplier;
import java.util.stream.Collectors;
import org.jline.utils.AttributedString;

/// Shows a run in the terminal: one line per step, sample rollouts now and then, and below them a
/// bar with the remaining time. Where the output is not a terminal there is no bar and no colour.
///
/// A line that is redrawn stays within the terminal, whose width is read each time; where the
/// window has become narrower meanwhile, so that the bar was wrapped, all its rows are removed.
///
/// Threading: safe for all threads.
public final class Progress implements MetricSink {
  private static final String CLEAR_LINE = "\r\u001b[K";
  private static final String DIM = "\u001b[2m";
  private static final String PLAIN = "\u001b[0m";
  private static final int BAR = 30;

  private final PrintStream out;
  private final boolean terminal;
  private final IntSupplier width;
  private final InstantSource clock;
  private final long totalSteps;
  private final Map<String, String> columns;
  private final Instant start;
  private long firstStep;
  private long step;
  private int drawn;

  /// Shows `totalSteps` steps on standard output. `columns` maps the keys to show, in order, to the
  /// words to show them under.
  public static Progress start(long totalSteps, Map<String, String> columns) {
    Terminals terminal = Terminals.detect();
    return new Progress(
        System.out,
        terminal.interactive(),
        terminal.width(),
        InstantSource.system(),
        totalSteps,
        columns);
  }

  Progress(
      PrintStream out,
      boolean terminal,
      IntSupplier width,
      InstantSource clock,
      long totalSteps,
      Map<String, String> columns) {
    this.out = out;
    this.terminal = terminal;
    this.width = width;
    this.clock = clock;
    this.totalSteps = totalSteps;
    this.columns = columns;
    this.start = clock.instant();
  }

  /// Shows the line of a step.
  @Override
  public synchronized void write(StepMetrics metrics) {
    if (step == 0) {
      firstStep = metrics.step();
    }
    step = metrics.step();
    String digits = Long.toString(totalSteps);
    String padded =
        " ".repeat(digits.length() - Long.toString(Math.min(step, totalSteps)).length()) + step;
    String left = terminal || step <= firstStep ? "" : "  " + clock(timeLeft()) + " left";
    print("step %s/%s  %s%s".formatted(padded, digits, values(metrics), left));
  }

  /// Shows a few completions, one line each.
  public synchronized void samples(List<SampleLine> samples) {
    for (SampleLine sample : samples) {
      String mark = sample.reward() > 0 ? "+" : "-";
      String text =
          "  %s %s → %s  (reward %s)"
              .formatted(
                  mark,
                  oneLine(sample.prompt()),
                  oneLine(sample.completion()),
                  ConsoleSink.format(sample.reward()));
      print(terminal ? DIM + fit(text, width.getAsInt()) + PLAIN : text);
    }
  }

  /// Shows a line of text, all of it: in several lines where the terminal is narrower.
  public synchronized void message(String text) {
    String clean = TerminalText.cleanLines(text);
    if (terminal) {
      int columns = Math.max(1, width.getAsInt());
      AttributedString left = new AttributedString(clean);
      while (left.columnLength() > columns) {
        AttributedString head = left.columnSubSequence(0, columns);
        if (head.length() == 0) {
          break; // a character two columns wide in a terminal of one
        }
        print(head.toString());
        left = left.subSequence(head.length(), left.length());
      }
      print(left.toString());
    } else {
      print(clean);
    }
  }

  /// Removes the bar.
  @Override
  public synchronized void close() {
    if (terminal) {
      out.print(clear());
      drawn = 0;
    }
    out.flush();
  }

  /// Removes the bar, from the first of the rows that it now occupies.
  private String clear() {
    int rows = (drawn - 1) / Math.max(1, width.getAsInt());
    return rows > 0 ? String.format(Locale.ROOT, "\r\u001b[%dA\u001b[J", rows) : CLEAR_LINE;
  }

  private void print(String line) {
    if (!terminal) {
      out.println(line);
    } else {
      boolean colored = line.startsWith(DIM);
      int columns = width.getAsInt();
      String fitted = colored ? line : fit(line, columns);
      String bar = bar(columns - 1);
      out.print(clear() + fitted + System.lineSeparator() + bar);
      drawn = columns(bar);
    }
    out.flush();
  }

  private String values(StepMetrics metrics) {
    return columns.entrySet().stream()
        .filter(column -> metrics.get(column.getKey()).isPresent())
        .map(column ->
            "%s %-6s"
                .formatted(
                    column.getValue(), ConsoleSink.format(metrics.get(column.getKey()).orElse(0))))
        .collect(Collectors.joining(" "))
        .stripTrailing();
  }

  /// The bar gets the width that the numbers leave: the numbers are what is read.
  private String bar(int columns) {
    long percent = 100 * Math.min(step, totalSteps) / Math.max(1, totalSteps);
    String left = step <= firstStep ? "" : "  " + clock(timeLeft()) + " left";
    String numbers = String.format(Locale.ROOT, "%3d%%%s", percent, left);
    int marks = Math.clamp(columns - numbers.length() - 1, 0, BAR);
    int done = (int) (marks * Math.min(step, totalSteps) / Math.max(1, totalSteps));
    String drawnMarks = "━".repeat(done) + "·".repeat(marks - done);
    return fit(marks == 0 ? numbers.strip() : drawnMarks + " " + numbers, columns);
  }

  /// The remaining time by the mean time of the steps so far, the first measured from the start.
  private Duration timeLeft() {
    Duration elapsed = Duration.between(start, clock.instant());
    return elapsed.multipliedBy(Math.max(0, totalSteps - step)).dividedBy(step - firstStep + 1);
  }

  private static String clock(Duration duration) {
    return duration.toHours() > 0
        ? String.format(
            Locale.ROOT,
            "%d:%02d:%02d",
            duration.toHours(),
            duration.toMinutesPart(),
            duration.toSecondsPart())
        : String.format(Locale.ROOT, "%d:%02d", duration.toMinutesPart(), duration.toSecondsPart());
  }

  /// Control characters of a completion must not reach the terminal.
  private static String oneLine(String text) {
    return TerminalText.clean(text.strip().replaceAll("\\s+", " "));
  }

  private static String fit(String text, int columns) {
    if (columns(text) <= columns) {
      return text;
    }
    return columns < 1 ? "" : new AttributedString(text).columnSubSequence(0, columns - 1) + "…";
  }

  /// East Asian characters are two columns wide, combining marks none.
  private static int columns(String text) {
    return new AttributedString(text).columnLength();
  }
}
