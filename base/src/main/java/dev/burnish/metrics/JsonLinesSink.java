package dev.burnish.metrics;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/// `metrics.jsonl`: an object a step, `step` first, then the values in alphabetical order, then
/// `times` with all that two runs of one seed may differ in. A value that is no number is a string,
/// such as `"NaN"`.
public final class JsonLinesSink implements MetricSink {
  private final JsonLines lines;

  /// Appends to a file; makes it if there is none.
  ///
  /// @throws java.io.UncheckedIOException if it cannot be opened
  public JsonLinesSink(Path file) {
    this.lines = JsonLines.append(file);
  }

  @Override
  public void write(StepMetrics metrics) {
    Map<String, Object> object = new LinkedHashMap<>();
    object.put("step", metrics.step());
    object.putAll(metrics.values());
    object.put("times", metrics.times());
    lines.write(object);
  }

  @Override
  public void close() {
    lines.close();
  }
}
