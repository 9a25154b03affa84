package dev.burnish.run;

import dev.burnish.config.Config;
import dev.burnish.config.Config.Change;
import dev.burnish.train.OptimizerConfig;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/// Says in which settings a run that is resumed differs from how it began: what it computes is then
/// another thing.
public final class ResumedSettings {
  private ResumedSettings() {}

  public static List<String> lines(Record before, Record after) {
    Map<String, Change> changes = Config.changes(before, after);
    changes.values().removeIf(ResumedSettings::isSamePath);
    List<String> lines = new ArrayList<>();
    if (!changes.isEmpty()) {
      lines.add(
          "resumes with other settings than it began with: "
              + changes.entrySet().stream()
                  .map(change -> said(change.getKey(), change.getValue()))
                  .collect(Collectors.joining("; ")));
    }
    if (changes.containsKey("steps") && followsSteps(after)) {
      lines.add(
          "a schedule of the learning rate goes by the number of steps: the rates from here on are those"
              + " of a run of %s steps, those before of one of %s"
                  .formatted(changes.get("steps").after(), changes.get("steps").before()));
    }
    return lines;
  }

  private static boolean followsSteps(Record settings) {
    return !(RunSummary.setting(settings, "optimizer") instanceof OptimizerConfig optimizer
        && optimizer.schedule().equals("constant"));
  }

  private static String said(String key, Change change) {
    return "%s=%s (was %s)".formatted(key, change.after(), change.before());
  }

  /// A relative path of a configuration that an earlier version wrote.
  private static boolean isSamePath(Change change) {
    return !change.before().isEmpty()
        && Path.of(change.before()).toAbsolutePath().normalize().toString().equals(change.after());
  }
}
