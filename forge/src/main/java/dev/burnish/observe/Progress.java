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
import java.util.Map;
import java.util.function.IntSupplier;
import java.util.stream.Collectors;

/// Shows a run in the terminal: a line a step, sample rollouts now and then, and below them a bar
/// with the time that is left. Where the output is no terminal there is no bar and no colour.
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

  /// Shows a few completions, a line each.
  public synchronized void samples(List<Sample> samples) {
    for (Sample sample : samples) {
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

  /// Shows a line of text.
  public synchronized void message(String text) {
    print(TerminalText.cleanLines(text));
  }

  /// Removes the bar.
  @Override
  public synchronized void close() {
    if (terminal) {
      out.print(CLEAR_LINE);
    }
    out.flush();
  }

  private void print(String line) {
    if (!terminal) {
      out.println(line);
    } else {
      boolean colored = line.startsWith(DIM);
      String fitted = colored ? line : fit(line, width.getAsInt());
      out.print(CLEAR_LINE + fitted + System.lineSeparator() + fit(bar(), width.getAsInt() - 1));
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

  private String bar() {
    int done = (int) (BAR * Math.min(step, totalSteps) / Math.max(1, totalSteps));
    String left = step <= firstStep ? "" : "  " + clock(timeLeft()) + " left";
    return "%s%s %3d%%%s"
        .formatted(
            "━".repeat(done),
            "·".repeat(BAR - done),
            100 * Math.min(step, totalSteps) / Math.max(1, totalSteps),
            left);
  }

  /// By the mean time of the steps so far, the first of which is measured from the start.
  private Duration timeLeft() {
    Duration elapsed = Duration.between(start, clock.instant());
    return elapsed.multipliedBy(Math.max(0, totalSteps - step)).dividedBy(step - firstStep + 1);
  }

  private static String clock(Duration duration) {
    return duration.toHours() > 0
        ? "%d:%02d:%02d"
            .formatted(duration.toHours(), duration.toMinutesPart(), duration.toSecondsPart())
        : "%d:%02d".formatted(duration.toMinutesPart(), duration.toSecondsPart());
  }

  /// Control characters of a completion must not reach the terminal.
  private static String oneLine(String text) {
    return TerminalText.clean(text.strip().replaceAll("\\s+", " "));
  }

  private static String fit(String text, int columns) {
    int[] points = text.codePoints().limit(Math.max(1, columns)).toArray();
    boolean fits = text.codePointCount(0, text.length()) <= columns;
    return fits ? text : new String(points, 0, Math.max(0, columns - 1)) + "…";
  }
}
