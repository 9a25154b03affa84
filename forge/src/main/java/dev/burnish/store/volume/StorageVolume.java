package dev.burnish.store.volume;

import dev.burnish.actor.Concurrent;
import dev.burnish.actor.Idempotent;
import dev.burnish.store.tensors.Contribution;
import dev.burnish.store.tensors.Deposit;
import dev.burnish.store.tensors.Destination;
import java.util.List;

/// Holds contributions in place of their writers, and tells the catalogue where they are; an actor.
public interface StorageVolume {
  /// Takes a contribution over, and sends it to the catalogue. The same again changes nothing.
  ///
  /// @throws dev.burnish.store.tensors.StoreException if the catalogue refuses it, it cannot be
  ///   read, or there is no room for it; all that is held already stays
  @Idempotent
  void store(Contribution part, Destination to);

  /// Frees what the catalogue does not have any more.
  @Idempotent
  void sweep();

  /// Some of what it holds, in the order of ids.
  ///
  /// @param after the last id that the caller has
  /// @return to be closed by the caller
  @Concurrent
  @Idempotent
  List<Deposit> held(long after, int most);

  /// Notes which catalogue has some of what it holds.
  @Concurrent
  @Idempotent
  void restoredAt(long epoch, List<Long> ids);

  /// How much it holds.
  @Concurrent
  @Idempotent
  VolumeState state();
}
