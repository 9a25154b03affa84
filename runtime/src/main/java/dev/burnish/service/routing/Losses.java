package dev.burnish.service.routing;

import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/// The last loss of each replica that is not back. Thread-safe.
public final class Losses {
  private final SortedMap<Integer, Loss> losses = new TreeMap<>();

  /// A replica is lost, or could not be made.
  public synchronized void note(Loss loss) {
    losses.put(loss.replica(), loss);
  }

  /// It is known better now why a replica was lost.
  public synchronized void explain(Loss loss) {
    losses.computeIfPresent(loss.replica(), (replica, before) -> loss);
  }

  /// A replica is back, or gone for good.
  public synchronized void forget(int replica) {
    losses.remove(replica);
  }

  /// All, by number.
  public synchronized List<Loss> all() {
    return List.copyOf(losses.values());
  }

  /// All, for the end of a message; empty if there is none.
  synchronized String text() {
    return losses.isEmpty()
        ? ""
        : losses.values().stream().map(Loss::toString).collect(Collectors.joining("; ", "; ", ""));
  }
}
