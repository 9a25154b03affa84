package dev.burnish.run;

import java.util.Optional;

/// Keeps the lowest value of a number in the summary, as `best<Key>` of the step `best<Key>Step`,
/// and tells when there has been no lower one for too long. A resumed run remembers it.
public final class EarlyStopping {
  private final RunSummary summary;
  private final String key;
  private final String best;

  /// @param key of the number, such as `evalLoss`
  public EarlyStopping(RunSummary summary, String key) {
    this.summary = summary;
    this.key = key;
    best = "best" + Character.toUpperCase(key.charAt(0)) + key.substring(1);
  }

  /// Takes the value of a step and returns the reason to end the run, if there is one.
  ///
  /// @param patience steps without a lower value after which the run should end; 0 for never
  public Optional<String> end(long step, double value, long patience) {
    Optional<Double> least = summary.get(best);
    if (least.isEmpty() || value < least.get() || Double.isNaN(least.get())) {
      summary.put(best, value);
      summary.put(best + "Step", step);
      return Optional.empty();
    }
    double since = step - summary.get(best + "Step").orElse(0.0);
    return patience > 0 && since >= patience
        ? Optional.of(
            "%s has not been below %.4f for %.0f steps".formatted(key, least.get(), since))
        : Optional.empty();
  }
}
