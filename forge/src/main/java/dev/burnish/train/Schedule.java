package dev.burnish.train;

import java.util.Locale;

/// The learning rate as a share of its peak, by step.
@FunctionalInterface
interface Schedule {
  /// @param step from 1 to `steps`
  /// @return between 0 and 1
  double at(long step, long steps);

  static Schedule constant() {
    return (step, steps) -> 1;
  }

  /// From 1 down to 0.
  static Schedule linear() {
    return (step, steps) -> 1 - progress(step, steps);
  }

  /// Half a cosine from 1 down to 0.
  static Schedule cosine() {
    return (step, steps) -> 0.5 * (1 + Math.cos(Math.PI * progress(step, steps)));
  }

  /// Warm-up, stable, decay: 1 until the last `decay` share of the steps, then linearly to 0.
  static Schedule wsd(double decay) {
    if (!(decay > 0 && decay <= 1)) {
      throw new IllegalArgumentException("decay is above 0 and at most 1: decay=" + decay);
    }
    return (step, steps) -> Math.min(1, (1 - progress(step, steps)) / decay);
  }

  /// This schedule, rising linearly over the first `warmup` steps.
  default Schedule withWarmup(long warmup) {
    return (step, steps) -> Math.min(1.0, (double) step / (warmup + 1)) * at(step, steps);
  }

  /// The schedule of that name: constant, linear, cosine, wsd (over the last fifth).
  static Schedule named(String name) {
    return switch (name.toLowerCase(Locale.ROOT)) {
      case "constant" -> constant();
      case "linear" -> linear();
      case "cosine" -> cosine();
      case "wsd" -> wsd(0.2);
      default ->
          throw new IllegalArgumentException(
              "a schedule is one of constant, linear, cosine, wsd: schedule=" + name);
    };
  }

  private static double progress(long step, long steps) {
    return Math.clamp((double) (step - 1) / Math.max(1, steps), 0, 1);
  }
}
