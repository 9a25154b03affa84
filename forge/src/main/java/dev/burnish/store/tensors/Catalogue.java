package dev.burnish.store.tensors;

import dev.burnish.actor.Idempotent;
import dev.burnish.link.Region;
import java.util.List;

/// Knows which tensors there are, and whose parts are where; an actor. It passes on handles: bytes
/// lie in memory that the processes of a host share, and go from writer to reader without it.
///
/// There are things by key, which the last put decides, and sets of things by version, which never
/// change. Both become visible when the contributions of all ranks are in, at once and whole.
public interface Catalogue {
  /// Adds a rank's part of things that are put together. They replace what was under their keys,
  /// all at once, when the last rank's part is in. The same part again changes nothing.
  ///
  /// @throws StoreException if some of the keys are being put otherwise, or the rank has put its
  ///   part already and others have not
  @Idempotent
  Receipt put(Contribution part);

  /// Adds a rank's part of a version, which becomes visible when the last rank's part is in. The
  /// same part again changes nothing.
  ///
  /// @throws StoreException if the version is there with other values, other ranks publish other
  ///   things, or a later version is there
  @Idempotent
  Receipt publish(String set, long version, Contribution part);

  /// The things under keys, at one moment.
  ///
  /// @return to be closed by the caller
  /// @throws StoreException if one of them is not there; it names those that are
  @Idempotent
  Holding hold(List<String> keys);

  /// Things under a key, and under all keys of which it is the beginning, at one moment.
  ///
  /// @return sorted, to be closed by the caller
  /// @throws StoreException if there is nothing under the key itself
  @Idempotent
  Holding holdUnder(String key);

  /// A version.
  ///
  /// @return all its things, to be closed by the caller
  /// @throws StoreException if it is not there; it names those that are
  @Idempotent
  Holding holdVersion(String set, long version);

  /// Waits until a version or a later one is there.
  ///
  /// @return the latest, to be closed by the caller
  @Idempotent
  Holding awaitVersion(String set, long version);

  /// Waits until there is something under each of the keys.
  @Idempotent
  void await(List<String> keys);

  /// The versions of a set that are there, in order.
  @Idempotent
  List<Long> versions(String set);

  /// The ranks that a put or a version waits for, by what waits: for messages.
  @Idempotent
  List<Missing> missing();

  /// The puts and versions of which there are parts that cannot be read any more: all that had them
  /// is lost. They have to be put or published again.
  @Idempotent
  List<Lost> lost();

  /// When each of some contributions was last held, of those that it has.
  @Idempotent
  Uses uses(List<Long> ids);

  /// Notes that a copy of a contribution lies elsewhere now, if it has it.
  @Idempotent
  void moved(long id, int copy, Region memory);

  /// Adds contributions of an earlier catalogue, of which it may have some. They are visible after
  /// [#restored].
  @Idempotent
  void restore(List<Deposit> deposits);

  /// Makes visible what was restored and is whole, in its order.
  ///
  /// @return the epoch of this catalogue
  @Idempotent
  long restored();

  /// All keys, sorted.
  @Idempotent
  List<String> keys();

  /// A key and those of which it is the beginning, segment by segment between dots, as far as they
  /// are there; sorted.
  @Idempotent
  List<String> keysUnder(String key);

  /// Those of some keys under which there is something whole.
  @Idempotent
  List<String> present(List<String> keys);

  /// Drops what is under keys, and puts of them that are not whole yet. Keys that are not there are
  /// ignored.
  ///
  /// @return those under which there was something whole
  @Idempotent
  List<String> delete(List<String> keys);

  /// Gives up versions of a set that are not whole yet.
  @Idempotent
  void abandon(String set);

  /// A put that is not whole yet.
  ///
  /// @param what the keys, or the version
  /// @param present ranks whose parts are in
  /// @param missing ranks whose parts are not
  record Missing(String what, List<Integer> present, List<Integer> missing) {}

  /// Something with parts that cannot be read.
  ///
  /// @param what the keys, or the version
  /// @param ranks whose parts are lost
  record Lost(String what, List<Integer> ranks) {}
}
