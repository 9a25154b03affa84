package dev.burnish.store.tensors;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/// The puts of a catalogue by the ids of their contributions, and the order in which they began and
/// were read. Not thread-safe.
final class DraftIndex {
  private static final long PER_MILLISECOND = 1000;

  private final Map<Long, Draft> byId = new HashMap<>();

  /// Above the numbers of a catalogue that was there before on this machine, whose puts are older.
  private long lastNumber = System.currentTimeMillis() * PER_MILLISECOND;

  private long numHolds;

  /// The number of a new put.
  long next() {
    return ++lastNumber;
  }

  /// Notes the number of a put of an earlier catalogue.
  void passed(long number) {
    lastNumber = Math.max(lastNumber, number);
  }

  /// Counts a hold.
  long tick() {
    return ++numHolds;
  }

  Optional<Draft> find(long id) {
    return Optional.ofNullable(byId.get(id));
  }

  void add(long id, Draft draft) {
    byId.put(id, draft);
  }

  void remove(long id, Draft draft) {
    byId.remove(id, draft);
  }
}
