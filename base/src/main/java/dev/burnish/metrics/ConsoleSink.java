package dev.burnish.metrics;

import java.io.PrintStream;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/// One line per step with chosen keys: `step 12 reward 0.531 loss 1.2e-05`.
public final class ConsoleSink implements MetricSink {
  private final PrintStream out;
  private final List<String> keys;

  /// Prints these keys, in this order; a key without a number in a step is left out.
  public ConsoleSink(PrintStream out, List<String> keys) {
    this.out = out;
    this.keys = List.copyOf(keys);
  }

  @Override
  public void write(StepMetrics metrics) {
    out.println(
        keys.stream()
            .filter(key -> metrics.get(key).isPresent())
            .map(key -> "  " + name(key) + " " + format(metrics.get(key).getAsDouble()))
            .collect(Collectors.joining("", "step " + metrics.step(), "")));
    out.flush();
  }

  /// About three significant digits, without an exponent where that is readable.
  public static String format(double value) {
    double magnitude = Math.abs(value);
    if (value == Math.rint(value) && magnitude < 1e6) {
      return Long.toString((long) value);
    }
    if (magnitude >= 100 && magnitude < 1e6) {
      return String.format(Locale.ROOT, "%.0f", value);
    }
    return magnitude >= 1e-3 && magnitude < 100
        ? String.format(Locale.ROOT, magnitude < 10 ? "%.3f" : "%.1f", value)
        : String.format(Locale.ROOT, "%.1e", value);
  }

  private static String name(String key) {
    return key.substring(key.lastIndexOf('/') + 1);
  }
}
