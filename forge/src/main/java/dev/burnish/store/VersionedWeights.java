package dev.burnish.store;

import dev.burnish.actor.Idempotent;
import java.util.List;

/// Versions of sets of weights, as those see them who read them, by name and number: immutable, and
/// visible only when whole.
public interface VersionedWeights {
  /// A version, to be closed by the caller.
  ///
  /// @throws WeightsException if it is not there; the message names those that are
  @Idempotent
  Published get(String set, long version);

  /// The content of a version.
  ///
  /// @throws WeightsException if it is not there; the message names those that are
  @Idempotent
  Manifest manifest(String set, long version);

  /// Waits until a version or a later one is there; returns the latest.
  @Idempotent
  long await(String set, long version);

  /// The versions of a set that are there, in order.
  @Idempotent
  List<Long> versions(String set);
}
