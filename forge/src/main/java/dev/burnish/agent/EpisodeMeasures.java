package dev.burnish.agent;

import dev.burnish.metrics.Recordable;
import dev.burnish.metrics.Reduce;
import dev.burnish.metrics.RunRecorder;
import dev.burnish.rollout.Recording;
import dev.burnish.rollout.ScoredGroup;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// The means over episodes of the numbers that their environments gave, such as `tools/malformed`.
///
/// @param means by name, each over the episodes that have it
public record EpisodeMeasures(Map<String, Double> means) implements Recordable {
  public EpisodeMeasures {
    means = Collections.unmodifiableMap(new TreeMap<>(means));
  }

  /// Those of the episodes of groups, in the order of the groups.
  public static EpisodeMeasures of(List<ScoredGroup> groups) {
    Map<String, Double> sums = new TreeMap<>();
    Map<String, Integer> counts = new TreeMap<>();
    groups.stream()
        .flatMap(group -> group.episodes().stream())
        .flatMap(episode -> episode.recording().map(Recording::measures).stream())
        .flatMap(measures -> measures.entrySet().stream())
        .forEach(measure -> {
          sums.merge(measure.getKey(), measure.getValue(), Double::sum);
          counts.merge(measure.getKey(), 1, Integer::sum);
        });
    sums.replaceAll((name, sum) -> sum / counts.getOrDefault(name, 1));
    return new EpisodeMeasures(sums);
  }

  @Override
  public void recordTo(RunRecorder run) {
    means.forEach((name, mean) -> run.record(name, mean, Reduce.MEAN));
  }
}
