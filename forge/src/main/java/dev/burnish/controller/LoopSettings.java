package dev.burnish.controller;

import dev.burnish.engine.http.ServerSettings;
import dev.burnish.launch.remote.HostSettings;
import dev.burnish.mesh.JobOptions.Processes;
import dev.burnish.rl.loop.GroupFilter;
import dev.burnish.rl.loop.RolloutSettings;
import dev.burnish.rl.loop.RolloutSettings.Attempts;
import dev.burnish.rl.loop.RolloutSettings.Mode;
import dev.burnish.rl.replay.BufferConfig;
import dev.burnish.rl.replay.Selection;
import dev.burnish.store.relay.Transfer;
import java.time.Duration;

/// Who runs where, and how far rollouts may be ahead of training, among a script's settings.
/// Inlined into a script's record the keys are `maxStaleness`, `processes`, `generators` and so on.
///
/// @param maxStaleness by how many versions the weights that sample a token may be older than those
///   that are trained on it; 0 is on-policy: rollouts and training take turns
/// @param mode whether a group is made by weights that are exactly that old, so that a run is a
///   function of its seed, or by the newest there are
/// @param processes JVMS, or THREADS of this process
/// @param generators replicas of the generator
/// @param rewardReplicas replicas of the reward
/// @param cores of each kind of process; 0 divides those of this machine
/// @param groups what is done about those that fail, take too long or teach nothing
/// @param server a server of another engine that generates in place of the run's own generators
/// @param hosts on which generators and rewards are; the others are on this one
/// @param transfer what moves to other hosts when a version is published
public record LoopSettings(
    int maxStaleness,
    Mode mode,
    Processes processes,
    int generators,
    int rewardReplicas,
    Cores cores,
    Groups groups,
    ServerSettings server,
    HostSettings hosts,
    Transfer transfer) {
  /// Cores that processes compute with; 0: all, or a share where trainer and generators compute at
  /// the same time.
  public record Cores(int trainer, int generator) {
    public Cores {
      require(trainer >= 0, "cores.trainer must be at least 0: trainer=" + trainer);
      require(generator >= 0, "cores.generator must be at least 0: generator=" + generator);
    }
  }

  /// The treatment of groups that fail, take too long or teach nothing.
  ///
  /// @param tries of a group, the first included; after the last it is left out
  /// @param seconds that a try may take, after which it is interrupted and counts as failed
  /// @param filter which groups are not trained on
  /// @param window in mode CONTINUOUS, the positions among which a step takes the groups that are
  ///   ready first, so that a slow one does not hold up the others; 0 takes positions in order
  public record Groups(int tries, double seconds, Filter filter, int window) {
    public Groups {
      require(tries >= 1, "groups.tries must be at least 1: tries=" + tries);
      require(
          seconds > 0 && seconds <= 1e6,
          "groups.seconds must be above 0 and at most a million: seconds=" + seconds);
      require(window >= 0, "groups.window must be at least 0: window=" + window);
    }
  }

  /// The groups that are not trained on.
  public enum Filter {
    /// All groups are trained on.
    NONE,
    /// Those whose rewards are all equal, see [GroupFilter#equalRewards].
    EQUAL_REWARDS;

    GroupFilter filter() {
      return switch (this) {
        case NONE -> GroupFilter.none();
        case EQUAL_REWARDS -> GroupFilter.equalRewards();
      };
    }
  }

  public LoopSettings {
    require(maxStaleness >= 0, "maxStaleness must be at least 0: maxStaleness=" + maxStaleness);
    require(generators >= 1, "generators must be at least 1: generators=" + generators);
    require(rewardReplicas >= 0, "rewardReplicas must be at least 0: " + rewardReplicas);
    require(
        !server.isSet() || generators == 1,
        "one process must talk to a server of another engine: server.url=%s generators=%d; leave generators at 1"
            .formatted(server.url(), generators));
  }

  /// On-policy, in processes of their own: one trainer, one generator, two replicas of the reward.
  public static LoopSettings defaults() {
    return new LoopSettings(
        0,
        Mode.FIXED_LAG,
        Processes.JVMS,
        1,
        2,
        new Cores(0, 0),
        new Groups(3, 600, Filter.NONE, 0),
        ServerSettings.none(),
        HostSettings.defaults(),
        Transfer.WHOLE);
  }

  /// The same with another bound.
  public LoopSettings withMaxStaleness(int versions) {
    return new LoopSettings(
        versions,
        mode,
        processes,
        generators,
        rewardReplicas,
        cores,
        groups,
        server,
        hosts,
        transfer);
  }

  /// The same with processes of another kind.
  public LoopSettings with(Processes kind) {
    return new LoopSettings(
        maxStaleness,
        mode,
        kind,
        generators,
        rewardReplicas,
        cores,
        groups,
        server,
        hosts,
        transfer);
  }

  /// The same on other hosts.
  public LoopSettings with(HostSettings others) {
    return new LoopSettings(
        maxStaleness,
        mode,
        processes,
        generators,
        rewardReplicas,
        cores,
        groups,
        server,
        others,
        transfer);
  }

  /// Whether generators have hosts of their own.
  boolean isElsewhere() {
    return hosts.isElsewhere() && processes == Processes.JVMS;
  }

  /// Whether training and generation compute at the same time.
  boolean overlaps() {
    return maxStaleness > 0 || mode == Mode.CONTINUOUS;
  }

  /// How groups are made.
  ///
  /// @param batch groups per step
  /// @param steps of the whole run
  RolloutSettings rollouts(int batch, long steps, long seed) {
    Duration deadline = Duration.ofNanos((long) (groups.seconds() * 1e9));
    BufferConfig inOrder = BufferConfig.fifo(batch, maxStaleness).withSeed(seed);
    BufferConfig buffer =
        groups.window() == 0
            ? inOrder
            : inOrder.withSelection(
                new Selection.Windowed(groups.window()),
                Math.max(groups.window(), inOrder.capacity()));
    return new RolloutSettings(buffer, mode, steps, new Attempts(groups.tries(), deadline));
  }

  /// The same, with all groups trained on.
  LoopSettings withoutFilter() {
    Groups all = new Groups(groups.tries(), groups.seconds(), Filter.NONE, groups.window());
    return new LoopSettings(
        maxStaleness,
        mode,
        processes,
        generators,
        rewardReplicas,
        cores,
        all,
        server,
        hosts,
        transfer);
  }

  private static void require(boolean holds, String message) {
    if (!holds) {
      throw new IllegalArgumentException(message);
    }
  }
}
