package dev.burnish.run;

import java.util.Locale;

/// How a run ended.
public enum RunStatus {
  /// Its steps are done, or its goal was reached before.
  FINISHED,
  /// The process was asked to end; the run can be resumed.
  STOPPED,
  /// Its loop was left in the middle of a step, by an exception or otherwise.
  FAILED;

  /// The status as in `summary.json`.
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
