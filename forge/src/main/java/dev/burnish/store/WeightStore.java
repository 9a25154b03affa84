package dev.burnish.store;

import dev.burnish.actor.Idempotent;

/// Versions of a model's weights, as an actor: immutable, and visible only when whole. It passes on
/// handles; the bytes lie in memory that the processes of a host share, and are written once.
///
/// There are several sets of weights, by name, each with versions of its own: those of a policy,
/// say, and those that its adaptation leaves as they are. A version stays until it is dropped by
/// [#retain] and whoever reads it has closed it, also when the process that wrote it is gone.
public interface WeightStore extends VersionedWeights {
  /// Makes a version visible. Publishing a version again with the same digests changes nothing.
  ///
  /// @throws WeightsException if the version is there with other values, or is older than what is
  ///   retained, or a part has another size than its parameters
  @Idempotent
  void publish(Published version);

  /// Drops the versions of a set that are older; the latest stays.
  @Idempotent
  void retain(String set, long oldest);
}
