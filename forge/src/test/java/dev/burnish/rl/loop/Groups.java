package dev.burnish.rl.loop;

import dev.burnish.rollout.Completion;
import dev.burnish.rollout.FinishReason;
import dev.burnish.rollout.Group;
import dev.burnish.rollout.Problem;
import dev.burnish.rollout.ScoredGroup;
import dev.burnish.rollout.TokenVersions;
import dev.burnish.tensor.KeyedRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/// Groups that are made without a model.
public final class Groups {
  private Groups() {}

  /// Two episodes that are a function of the slot.
  public static ScoredGroup of(Slot slot) {
    return of(slot.position(), slot.seed(), slot.versions().least());
  }

  /// Two episodes that are a function of a seed, by one version.
  public static ScoredGroup of(long position, long seed, long version) {
    RandomGenerator random = KeyedRandom.of(seed, "fake", position);
    List<Completion> completions = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      int length = 1 + random.nextInt(4);
      int[] tokens = random.ints(length, 0, 100).toArray();
      completions.add(
          new Completion(
              tokens,
              new float[length],
              TokenVersions.of(version, length),
              "text",
              FinishReason.STOP));
    }
    double[] rewards = random.doubles(2).toArray();
    return ScoredGroup.of(
        new Problem("problem", "target", position),
        new Group(new int[] {1, 2}, completions),
        rewards,
        rewards);
  }

  /// Everything of a group as text.
  public static String text(ScoredGroup group) {
    StringBuilder text = new StringBuilder("problem " + group.problem().index());
    group
        .episodes()
        .forEach(episode ->
            text.append(' ')
                .append(episode.reward())
                .append(episode.versions())
                .append(java.util.Arrays.toString(episode.sampled().getFirst().tokens())));
    return text.toString();
  }
}
