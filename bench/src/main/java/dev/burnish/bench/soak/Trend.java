package dev.burnish.bench.soak;

import dev.burnish.observe.Measurement;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// Whether a quantity that was looked at again and again grows without bound.
///
/// @param name of the quantity
/// @param allowed growth that means nothing, beside a quarter of what there is
/// @param values in order, at equal distances
record Trend(String name, double allowed, List<Double> values) {
  /// Fewer looks after the warm-up say nothing.
  private static final int FEWEST = 6;

  private static final double SHARE = 0.25;

  /// Of the pairs of looks that differ, how many must grow: chance gives a half.
  private static final double MOST_PAIRS = 0.75;

  /// What is looked at after the warm-up.
  List<Double> settled() {
    return values.subList(values.size() * 3 / 10, values.size());
  }

  /// What grows, and by how much; empty if it does not, or it is too early to say.
  ///
  /// The slope is the median of those of all pairs (Theil and Sen), so one high look does not make
  /// a trend; and it counts only if later looks are higher than earlier ones in most pairs.
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
