package dev.burnish.rollout;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// Everything that an environment said in an episode: answers of tools, clocks and chance are in
/// it. With it, the policy's weights and the seed, the episode can be played again bit for bit,
/// without the environment.
///
/// @param index of the episode in its group, on which its draws depend
/// @param opening what the policy read first
/// @param steps one per answer
/// @param truncated the reward of an episode whose turns or tokens were used up; empty for others
/// @param measures numbers of the episode, by name
public record Recording(
    int index,
    Environment.Observation opening,
    List<Environment.Step> steps,
    Optional<Double> truncated,
    Map<String, Double> measures) {
  public Recording {
    steps = List.copyOf(steps);
    measures = Collections.unmodifiableMap(new TreeMap<>(measures));
    if (index < 0 || steps.isEmpty()) {
      throw new IllegalArgumentException(
          "a recording must be of an episode with answers: index=%d steps=%d"
              .formatted(index, steps.size()));
    }
  }
}
