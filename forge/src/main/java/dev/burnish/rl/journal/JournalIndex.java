package dev.burnish.rl.journal;

import dev.burnish.rl.journal.Entry.Began;
import dev.burnish.rl.journal.Entry.Ended;
import dev.burnish.rl.journal.Entry.Finished;
import dev.burnish.rl.journal.Entry.Published;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.LongPredicate;

/// Where the groups of a journal are, and what else it says; a later entry replaces an earlier one.
/// Not thread-safe.
final class JournalIndex {
  private final Map<Long, Place> places = new HashMap<>();
  private final Map<Long, Ended> ended = new HashMap<>();
  private final NavigableMap<Long, List<Long>> digests = new TreeMap<>();

  /// The record of a group.
  ///
  /// @param newest version of the weights that sampled a token of it
  record Place(long offset, long newest) {}

  void add(long offset, Entry entry) {
    switch (entry) {
      case Finished(long position, long newest, _) -> {
        places.put(position, new Place(offset, newest));
        ended.remove(position);
      }
      case Ended end -> {
        ended.put(end.position(), end);
        places.remove(end.position());
      }
      case Published(long version, _, _, List<Long> parts) -> digests.put(version, parts);
      case Began(long version, List<Long> parts) -> {
        digests.tailMap(version, false).clear();
        digests.put(version, parts);
      }
    }
  }

  /// Forgets what weights of a version and of later ones made.
  void forgetFrom(long version) {
    places.values().removeIf(place -> place.newest() >= version);
    ended.values().removeIf(end -> end.version() >= version);
  }

  void retain(LongPredicate positions) {
    places.keySet().removeIf(position -> !positions.test(position));
    ended.keySet().removeIf(position -> !positions.test(position));
  }

  void forget(long position) {
    places.remove(position);
    ended.remove(position);
  }

  Map<Long, Place> places() {
    return places;
  }

  Map<Long, Ended> ended() {
    return ended;
  }

  /// The digests of the weights by version, from a version on.
  Map<Long, List<Long>> digestsFrom(long version) {
    return digests.tailMap(version, true);
  }
}
