package dev.burnish.bench.soak;

import dev.burnish.observe.Measurement;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// Whether a quantity that is sampled repeatedly grows without bound.
///
/// @param name of the quantity
/// @param allowed growth that is not significant, in addition to a quarter of the quantity
/// @param values in order, at equal intervals
record Trend(String name, double allowed, List<Double> values) {
  /// Fewer samples after the warm-up say nothing.
  private static final int FEWEST = 6;

  private static final double SHARE = 0.25;

  /// The share of the differing pairs of samples that must grow: chance gives a half.
  private static final double MOST_PAIRS = 0.75;

  /// The samples after the warm-up.
  List<Double> settled() {
    return values.subList(values.size() * 3 / 10, values.size());
  }

  /// The quantity that grows, and by how much; empty if it does not, or if it is too early to tell.
  ///
  /// The slope is the median of those of all pairs (Theil and Sen), so one high sample does not
  /// make a trend; and it counts only if later samples are higher than earlier ones in most pairs.
  Optional<String> growth() {
    List<Double> settled = settled();
    if (settled.size() < FEWEST) {
      return Optional.empty();
    }
    List<Double> slopes = new ArrayList<>();
    int numUp = 0;
    int numDown = 0;
    for (int i = 0; i < settled.size(); i++) {
      for (int j = i + 1; j < settled.size(); j++) {
        double slope = (settled.get(j) - settled.get(i)) / (j - i);
        slopes.add(slope);
        numUp += slope > 0 ? 1 : 0;
        numDown += slope < 0 ? 1 : 0;
      }
    }
    double grown = Measurement.median(slopes) * (settled.size() - 1);
    double bound = Math.max(allowed, SHARE * Measurement.median(settled));
    boolean grows = grown > bound && numUp > MOST_PAIRS * (numUp + numDown);
    return grows
        ? Optional.of(
            String.format(
                Locale.ROOT,
                "%s by %.0f from %.0f: allowed=%.0f",
                name,
                grown,
                settled.getFirst(),
                bound))
        : Optional.empty();
  }
}
