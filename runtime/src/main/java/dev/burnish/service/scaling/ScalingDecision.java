package dev.burnish.service.scaling;

import dev.burnish.service.routing.Load;
import java.util.Optional;

/// Decides how many replicas there should be, check by check. It acts on a load that has lasted,
/// not on a momentary one, grows in proportion to the queue and shrinks one by one, and begins to
/// watch again after every change: so it does not oscillate. Not thread-safe.
public final class ScalingDecision {
  private final Scaling scaling;
  private Optional<Long> crowdedSince = Optional.empty();
  private Optional<Long> idleSince = Optional.empty();

  /// A decision without observations.
  public ScalingDecision(Scaling scaling) {
    this.scaling = scaling;
  }

  /// How many replicas there should be.
  ///
  /// @param nanos the current time of a clock
  /// @param numReplicas existing replicas, those that start included
  public int target(long nanos, int numReplicas, Load load) {
    boolean crowded = load.numQueued() > scaling.queuedPerReplica() * numReplicas;
    boolean idle = load.numQueued() == 0 && load.utilisation() < scaling.idleBelow();
    crowdedSince = crowded ? crowdedSince.or(() -> Optional.of(nanos)) : Optional.empty();
    idleSince = idle ? idleSince.or(() -> Optional.of(nanos)) : Optional.empty();
    int wanted = numReplicas;
    if (crowdedSince.filter(since -> nanos - since >= scaling.upAfter().toNanos()).isPresent()) {
      wanted = numReplicas + numMissing(numReplicas, load);
    } else if (idleSince
        .filter(since -> nanos - since >= scaling.downAfter().toNanos())
        .isPresent()) {
      wanted = numReplicas - 1;
    }
    wanted = Math.clamp(wanted, scaling.min(), scaling.max());
    if (wanted != numReplicas) {
      crowdedSince = Optional.empty();
      idleSince = Optional.empty();
    }
    return wanted;
  }

  /// The number of additional replicas that bring the queue within its limit; at most as many as
  /// there are.
  private int numMissing(int numReplicas, Load load) {
    double perReplica = Math.max(1, scaling.queuedPerReplica());
    int enough = (int) Math.ceil(load.numQueued() / perReplica) - numReplicas;
    return Math.clamp(enough, 1, numReplicas);
  }
}
