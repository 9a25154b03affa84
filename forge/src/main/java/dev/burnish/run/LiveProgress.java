package dev.burnish.run;

import dev.burnish.metrics.MetricSink;
import dev.burnish.metrics.StepMetrics;
import dev.burnish.observe.Progress;
import dev.burnish.observe.SampleLine;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The terminal, which learns how many steps there are only when they begin.
public final class LiveProgress implements MetricSink {
  private static final Map<String, String> COLUMNS = columns();

  private volatile Progress progress = Progress.start(1, COLUMNS);

  private static Map<String, String> columns() {
    Map<String, String> columns = new LinkedHashMap<>();
    columns.put("reward", "reward");
    columns.put("accuracy", "accuracy");
    columns.put("loss", "loss");
    columns.put("valueLoss", "value loss");
    columns.put("explainedVariance", "explained");
    columns.put("evalLoss", "held-out loss");
    columns.put("perplexity", "perplexity");
    columns.put("margin", "margin");
    columns.put("kl", "kl");
    columns.put("entropy", "entropy");
    columns.put("lr", "lr");
    columns.put("gradNorm", "norm");
    columns.put("generateTokensPerSecond", "gen tok/s");
    columns.put("trainTokensPerSecond", "train tok/s");
    columns.put("mfu", "mfu");
    columns.put("memoryGb", "GB");
    return columns;
  }

  public void begin(long total) {
    progress = Progress.start(total, COLUMNS);
  }

  public void message(String text) {
    text.lines().forEach(progress::message);
  }

  public void samples(List<SampleLine> lines) {
    progress.samples(lines);
  }

  @Override
  public void write(StepMetrics step) {
    progress.write(step);
  }

  @Override
  public void close() {
    progress.close();
  }
}
