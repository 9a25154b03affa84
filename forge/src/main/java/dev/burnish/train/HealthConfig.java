package dev.burnish.train;

/// The thresholds of unhealthy steps, and the action on them.
///
/// @param lossSpike an alarm where the loss is above its median by this many median deviations; 0
///   for never
/// @param normSpike an alarm where the gradient norm is above its median times this; 0 for never
/// @param window steps that the medians are over
/// @param skipBad skip the update of a step whose loss or gradient is not finite instead of
///   stopping
/// @param mostSkips in a row, before the run stops after all
public record HealthConfig(
    double lossSpike, double normSpike, int window, boolean skipBad, int mostSkips) {
  public HealthConfig {
    require(lossSpike >= 0, "train.health.lossSpike is at least 0: lossSpike=" + lossSpike);
    require(normSpike >= 0, "train.health.normSpike is at least 0: normSpike=" + normSpike);
    require(window >= 4, "train.health.window is at least 4: window=" + window);
    require(mostSkips >= 1, "train.health.mostSkips is at least 1: mostSkips=" + mostSkips);
  }

  public static HealthConfig defaults() {
    return new HealthConfig(10, 10, 32, false, 5);
  }

  public HealthConfig withSkipBad(boolean value) {
    return new HealthConfig(lossSpike, normSpike, window, value, mostSkips);
  }

  private static void require(boolean holds, String message) {
    if (!holds) {
      throw new IllegalArgumentException(message);
    }
  }
}
