package dev.burnish.sharding;

import java.util.LinkedHashMap;
import java.util.Map;

/// The plans of the pairs of layouts that were used last: each is made once. Tensors that are alike
/// share one, so the layouts of a model have a few. Thread-safe.
public final class Planner {
  private static final int KEPT = 4096;

  private record Pair(Layout source, Layout target) {}

  private final Map<Pair, ReshardPlan> plans =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Pair, ReshardPlan> eldest) {
          return size() > KEPT;
        }
      };

  /// @throws IllegalArgumentException if the layouts are not of the same shape
  public synchronized ReshardPlan plan(Layout source, Layout target) {
    return plans.computeIfAbsent(
        new Pair(source, target), pair -> ReshardPlan.between(pair.source(), pair.target()));
  }
}
