package dev.burnish.rl.loop;

import dev.burnish.rollout.ScoredGroup;
import java.util.Arrays;
import java.util.Optional;

/// Decides which groups are not trained on.
@FunctionalInterface
public interface GroupFilter {
  /// Why there is nothing to learn from a group; empty if there is.
  Optional<String> reject(ScoredGroup group);

  /// Keeps every group.
  static GroupFilter none() {
    return _ -> Optional.empty();
  }

  /// Rejects groups whose rewards are all equal: relative to each other they have no advantage.
  ///
  /// Source: Yu et al. 2025 (DAPO), section 3.2.
  static GroupFilter equalRewards() {
    return group ->
        Arrays.stream(group.rewards()).distinct().count() == 1
            ? Optional.of("all rewards are equal")
            : Optional.empty();
  }
}
