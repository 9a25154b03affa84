package dev.burnish.algorithm.advantage;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/// Advantages of the samples of one prompt, from their rewards: each method takes one group.
/// [#byGroup] applies one to every group of a batch.
public final class Advantages {
  private Advantages() {}

  /// The divisor of centred rewards.
  public enum Scale {
    NONE,
    /// Divides by `n - 1`. A group of one has no mean to compare with and keeps its reward, as in
    /// verl.
    SAMPLE_STD,
    /// Divides by `n`.
    POPULATION_STD
  }

  /// GRPO: centred, over the sample's standard deviation plus 1e-6.
  ///
  /// Source: verl `core_algos.py` compute_grpo_outcome_advantage.
  public static double[] grpo(double[] rewards) {
    return grpo(rewards, Scale.SAMPLE_STD, 1e-6);
  }

  /// [#grpo(double[])] of boxed rewards.
  public static double[] grpo(Collection<Double> rewards) {
    return grpo(rewards.stream().mapToDouble(Double::doubleValue).toArray());
  }

  /// GRPO with a choice of scale: TRL's epsilon is 1e-4, OpenRLHF's 1e-9, torchtitan takes the
  /// population's deviation.
  public static double[] grpo(double[] rewards, Scale scale, double epsilon) {
    finite(rewards);
    if (scale == Scale.SAMPLE_STD && rewards.length == 1) {
      return new double[] {rewards[0] / (1 + epsilon)};
    }
    double divisor =
        switch (scale) {
          case NONE -> 1;
          case SAMPLE_STD -> Moments.of(rewards).sampleStd() + epsilon;
          case POPULATION_STD -> Moments.of(rewards).populationStd() + epsilon;
        };
    double mean = Moments.of(rewards).mean();
    return Arrays.stream(rewards).map(r -> (r - mean) / divisor).toArray();
  }

  /// Dr. GRPO: centred only.
  public static double[] drGrpo(double[] rewards) {
    return grpo(rewards, Scale.NONE, 0);
  }

  /// GRPO centred within the group and scaled by the deviation of all rewards of the batch (TRL's
  /// `scale_rewards="batch"`).
  public static double[] grpoBatchScaled(double[] rewards, int[] group, double epsilon) {
    double divisor = Moments.of(finite(rewards)).sampleStd() + epsilon;
    double[] centred = byGroup(rewards, group, Advantages::drGrpo);
    return Arrays.stream(centred).map(a -> a / divisor).toArray();
  }

  /// RLOO: the reward minus the mean of the others; a single sample keeps its reward.
  ///
  /// Source: Ahmadian et al. 2024; verl compute_rloo_outcome_advantage.
  public static double[] rloo(double[] rewards) {
    finite(rewards);
    double sum = Arrays.stream(rewards).sum();
    int others = rewards.length - 1;
    return others < 1
        ? rewards.clone()
        : Arrays.stream(rewards).map(r -> r - (sum - r) / others).toArray();
  }

  /// RLOO over the deviation of the others where that is positive: a group of two is only centred.
  ///
  /// Source: NeMo-RL `advantage_estimator.py`.
  public static double[] rlooScaled(double[] rewards, double epsilon) {
    double[] advantages = rloo(rewards);
    for (int i = 0; i < rewards.length && rewards.length > 2; i++) {
      double std = Moments.of(without(rewards, i)).sampleStd();
      advantages[i] = std > 0 ? advantages[i] / (std + epsilon) : advantages[i];
    }
    return advantages;
  }

  /// MaxRL: centred over the mean; 0 where the mean is not positive.
  ///
  /// Source: SkyRL `ppo_utils.py`; prime-rl.
  public static double[] maxRl(double[] rewards) {
    double mean = Moments.of(finite(rewards)).mean();
    return Arrays.stream(rewards).map(r -> mean > 0 ? (r - mean) / mean : 0).toArray();
  }

  /// An estimator applied to each group of a batch; entry `i` of the result belongs to
  /// `rewards[i]`.
  public static double[] byGroup(double[] rewards, int[] group, UnaryOperator<double[]> estimator) {
    if (rewards.length != group.length) {
      throw new IllegalArgumentException(
          "each reward has a group: rewards.length=%d group.length=%d"
              .formatted(rewards.length, group.length));
    }
    Map<Integer, List<Integer>> members = new LinkedHashMap<>();
    for (int i = 0; i < group.length; i++) {
      members.computeIfAbsent(group[i], _ -> new ArrayList<>()).add(i);
    }
    double[] advantages = new double[rewards.length];
    for (List<Integer> samples : members.values()) {
      double[] estimated = estimator.apply(samples.stream().mapToDouble(i -> rewards[i]).toArray());
      for (int k = 0; k < estimated.length; k++) {
        advantages[samples.get(k)] = estimated[k];
      }
    }
    return advantages;
  }

  private static double[] without(double[] values, int left) {
    double[] others = new double[values.length - 1];
    System.arraycopy(values, 0, others, 0, left);
    System.arraycopy(values, left + 1, others, left, others.length - left);
    return others;
  }

  private static double[] finite(double[] rewards) {
    for (int i = 0; i < rewards.length; i++) {
      if (!Double.isFinite(rewards[i])) {
        throw new IllegalArgumentException(
            "a reward is a finite number: rewards[%d]=%s; check the reward function"
                .formatted(i, rewards[i]));
      }
    }
    return rewards;
  }
}
