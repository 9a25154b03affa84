package dev.burnish.actor;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/// The actors of a process by their numbers, and the reasons for which the last ones ended.
/// Thread-safe.
final class Cells {
  private static final int MOST_ENDED = 256;

  private final Map<Long, ActorCell> cells = new ConcurrentHashMap<>();
  private final Map<Long, String> ended = new LinkedHashMap<>();

  /// Adds a cell; returns whether there was none of this number.
  boolean add(long number, ActorCell cell) {
    return cells.putIfAbsent(number, cell) == null;
  }

  /// Replaces a cell of the same number.
  void put(long number, ActorCell cell) {
    cells.put(number, cell);
  }

  Optional<ActorCell> find(long number) {
    return Optional.ofNullable(cells.get(number));
  }

  Collection<ActorCell> all() {
    return List.copyOf(cells.values());
  }

  /// Removes an actor from reach, without ending it.
  void dismiss(long number) {
    cells.remove(number);
  }

  /// Called when an actor has ended: only the reason is kept.
  void ended(long number, ActorCell cell) {
    cells.remove(number, cell);
    cell.gone().ifPresent(why -> keep(number, String.valueOf(why.getMessage())));
  }

  private void keep(long number, String reason) {
    synchronized (ended) {
      ended.put(number, reason);
      if (ended.size() > MOST_ENDED) {
        ended.remove(ended.keySet().iterator().next());
      }
    }
  }

  Optional<String> whyEnded(long number) {
    synchronized (ended) {
      return Optional.ofNullable(ended.get(number));
    }
  }
}
