package dev.burnish.verify;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// One layer of evidence: the largest difference between the values of one kind and the recorded
/// ones.
///
/// @param name of the layer: ids, logits, logprobs, greedy ...
/// @param compared values
/// @param largest difference; for ids and greedy text, how many differ
/// @param tolerance that it has to stay within
/// @param where the largest difference is
record Evidence(String name, long compared, double largest, double tolerance, String where) {
  /// Comparing nothing is no evidence.
  public boolean passed() {
    return compared > 0 && largest <= tolerance;
  }

  /// The evidence in a few words.
  public String detail() {
    return String.format(
        Locale.ROOT,
        "largest difference %.3g over %d values, tolerance %.3g%s",
        largest,
        compared,
        tolerance,
        where.isEmpty() ? "" : " (" + where.replaceAll("\\s+", " ") + ")");
  }

  /// Gathers evidence layer by layer.
  static final class Collector {
    private record Layer(double tolerance, long compared, double largest, String where) {}

    private final Map<String, Layer> layers = new LinkedHashMap<>();

    /// Compares two numbers; NaN counts as infinitely far.
    void add(String name, double tolerance, double actual, double expected, String where) {
      double difference = Math.abs(actual - expected);
      if (Double.isNaN(difference)) {
        difference = Double.POSITIVE_INFINITY;
      }
      Layer layer = layers.getOrDefault(name, new Layer(tolerance, 0, 0, ""));
      boolean further = difference > layer.largest();
      layers.put(
          name,
          new Layer(
              tolerance,
              layer.compared() + 1,
              further ? difference : layer.largest(),
              further ? where : layer.where()));
    }

    /// Compares two numbers relative to the expected one.
    void addRelative(String name, double tolerance, double actual, double expected, String where) {
      add(name, tolerance, (actual - expected) / Math.max(1e-12, Math.abs(expected)), 0, where);
    }

    /// Counts one value that equals the recorded one, or does not.
    void addExact(String name, boolean equal, String where) {
      Layer layer = layers.getOrDefault(name, new Layer(0, 0, 0, ""));
      layers.put(
          name,
          new Layer(
              0,
              layer.compared() + 1,
              layer.largest() + (equal ? 0 : 1),
              equal || layer.largest() > 0 ? layer.where() : where));
    }

    List<Evidence> evidence() {
      List<Evidence> result = new ArrayList<>();
      layers.forEach((name, layer) ->
          result.add(
              new Evidence(
                  name, layer.compared(), layer.largest(), layer.tolerance(), layer.where())));
      return result;
    }
  }
}
