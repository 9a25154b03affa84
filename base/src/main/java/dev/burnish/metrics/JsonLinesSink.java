package dev.burnish.metrics;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/// `metrics.jsonl`: one object per step, `step` first, then the values in alphabetical order, then
/// `times` with everything that may differ between two runs of one seed. A value that is not a
/// number is a string, such as `"NaN"`.
public final class JsonLinesSink implements MetricSink {
  private final JsonLines lines;

  /// Appends to a file; creates it if there is none.
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
