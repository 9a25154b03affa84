package dev.burnish.mesh;

import dev.burnish.actor.Supervisor.Failure;

/// Hosts as seen by a keeper that supervises what it spawns there, such as a service: it stands
/// between what it spawns and its own owner. See [HostMesh#keptBy].
public final class KeptHosts {
  private final HostMesh hosts;
  private final Owner.Keeper keeper;

  KeptHosts(HostMesh hosts, Owner.Keeper keeper) {
    this.hosts = hosts;
    this.keeper = keeper;
  }

  /// The hosts; processes spawned there belong to the keeper.
  public HostMesh hosts() {
    return hosts;
  }

  /// Gives a failure that the keeper does not handle to the keeper's owner.
  public void escalate(Failure failure) {
    keeper.owner().failed(failure);
  }

  /// Called when the keeper has closed what it spawned: its owner need not close it any more.
  public void leave() {
    keeper.owner().disown(keeper.kept());
  }
}
