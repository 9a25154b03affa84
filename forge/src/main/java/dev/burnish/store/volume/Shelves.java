package dev.burnish.store.volume;

import dev.burnish.store.tensors.Deposit;
import dev.burnish.store.tensors.Uses;
import dev.burnish.store.volume.Shelved.Medium;
import java.util.Comparator;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;

/// The contributions of a volume. Thread-safe; its lock is a leaf.
final class Shelves implements AutoCloseable {
  private final NavigableMap<Long, Shelved> byId = new TreeMap<>();

  synchronized boolean has(long id) {
    return byId.containsKey(id);
  }

  synchronized int size() {
    return byId.size();
  }

  synchronized List<Long> ids() {
    return List.copyOf(byId.keySet());
  }

  /// Keeps one, in place of another form of it.
  synchronized void put(Shelved shelved) {
    Shelved before = byId.put(shelved.id(), shelved);
    if (before != null && !before.deposit().part().equals(shelved.deposit().part())) {
      before.deposit().part().close();
    }
  }

  synchronized void remove(long id) {
    Shelved shelved = byId.remove(id);
    if (shelved != null) {
      shelved.deposit().part().close();
    }
  }

  /// Drops those that a catalogue has had and has no more. One that it never had stays: that
  /// catalogue was started again, and is told of it.
  synchronized void keepOnly(Uses uses) {
    for (Shelved each : List.copyOf(byId.values())) {
      if (uses.lastHeld().containsKey(each.id())) {
        byId.put(each.id(), each.at(uses.epoch()));
      } else if (each.epoch() == uses.epoch()) {
        remove(each.id());
      }
    }
  }

  /// Those in memory, the one first that was read the longest ago.
  synchronized List<Shelved> inMemory(Uses uses) {
    return byId.values().stream()
        .filter(each -> each.medium() == Medium.MEMORY)
        .sorted(
            Comparator.<Shelved>comparingLong(each -> uses.lastHeld().getOrDefault(each.id(), 0L))
                .thenComparingLong(each -> each.deposit().number()))
        .toList();
  }

  synchronized long bytes(Medium medium) {
    return byId.values().stream()
        .filter(each -> each.medium() == medium)
        .mapToLong(Shelved::bytes)
        .sum();
  }

  /// With handles of their own.
  synchronized List<Deposit> deposits(long after, int most) {
    return byId.tailMap(after, false).values().stream()
        .limit(most)
        .map(Shelved::deposit)
        .peek(deposit -> deposit.part().share())
        .toList();
  }

  synchronized void restoredAt(long epoch, List<Long> ids) {
    ids.forEach(id -> byId.computeIfPresent(id, (_, known) -> known.at(epoch)));
  }

  @Override
  public synchronized void close() {
    ids().forEach(this::remove);
  }
}
