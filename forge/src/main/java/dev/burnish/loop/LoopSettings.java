package dev.burnish.loop;

import dev.burnish.mesh.JobOptions.Processes;

/// Who runs where, and how far rollouts may be ahead of training, among a script's settings.
/// Inlined into a script's record the keys are `maxStaleness`, `processes`, `generators` and so on.
///
/// @param maxStaleness by how many versions the weights that sample a token may be older than those
///   that are trained on it; 0 is on-policy: rollouts and training take turns
/// @param lag whether a group is made by weights that are exactly that old, so that a run is a
///   function of its seed, or by the newest there are
/// @param processes JVMS, or THREADS of this process
/// @param generators replicas of the generator
/// @param rewardReplicas replicas of the reward
/// @param cores of each kind of process; 0 divides those of this machine
/// @param rollouts what is done about groups that fail or take too long
public record LoopSettings(
    int maxStaleness,
    Lag lag,
    Processes processes,
    int generators,
    int rewardReplicas,
    Cores cores,
    RolloutSettings rollouts) {
  /// Which weights make a group.
  public enum Lag {
    /// Exactly `maxStaleness` versions older than those that are trained on it.
    FIXED,
    /// The newest: weights change under running sequences, and every token carries its version.
    CONTINUOUS
  }

  /// Cores that processes compute with; 0: all, or a share where trainer and generators compute at
  /// the same time.
  public record Cores(int trainer, int generator) {
    public Cores {
      require(trainer >= 0, "cores.trainer must be at least 0: trainer=" + trainer);
      require(generator >= 0, "cores.generator must be at least 0: generator=" + generator);
    }
  }

  /// What is done about groups that fail or take too long.
  ///
  /// @param tries of a group, the first included
  /// @param seconds that a group may take in all its tries, after which it counts as failed; 0 for
  ///   as long as it takes
  public record RolloutSettings(int tries, double seconds) {
    public RolloutSettings {
      require(tries >= 1, "rollouts.tries must be at least 1: tries=" + tries);
      require(seconds >= 0, "rollouts.seconds must be at least 0: seconds=" + seconds);
    }
  }

  public LoopSettings {
    require(maxStaleness >= 0, "maxStaleness must be at least 0: maxStaleness=" + maxStaleness);
    require(generators >= 1, "generators must be at least 1: generators=" + generators);
    require(rewardReplicas >= 0, "rewardReplicas must be at least 0: " + rewardReplicas);
  }

  /// On-policy, in processes of their own: one trainer, one generator, two replicas of the reward.
  public static LoopSettings defaults() {
    return new LoopSettings(
        0, Lag.FIXED, Processes.JVMS, 1, 2, new Cores(0, 0), new RolloutSettings(3, 600));
  }

  /// The same with another bound.
  public LoopSettings withMaxStaleness(int versions) {
    return new LoopSettings(versions, lag, processes, generators, rewardReplicas, cores, rollouts);
  }

  /// The same with processes of another kind.
  public LoopSettings with(Processes kind) {
    return new LoopSettings(maxStaleness, lag, kind, generators, rewardReplicas, cores, rollouts);
  }

  /// Whether training and generation compute at the same time.
  boolean overlaps() {
    return maxStaleness > 0 || lag == Lag.CONTINUOUS;
  }

  private static void require(boolean holds, String message) {
    if (!holds) {
      throw new IllegalArgumentException(message);
    }
  }
}
