package dev.burnish.store.tensors;

import dev.burnish.concurrent.FaultPoint;
import dev.burnish.service.OwnedService;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// Holds the versions that others need beyond the lives of the processes that know or wrote them: a
/// catalogue that was restarted has them again before it is asked. For the process that outlives
/// the others, the controller. Thread-safe.
///
/// ```java
/// trainer.fanout(rank -> rank.publish("policy", version));
/// keeper.keep("policy", version);            // handles: the bytes stay where they are
/// generators.fanout(each -> each.read("policy", version));
/// ```
///
/// Its lock is a leaf: no call is made with it.
///
/// Fault points: `keeper.held` before a version is kept, `keeper.kept` after it.
public final class TensorKeeper implements AutoCloseable {
  /// The name of its change of state at the service.
  private static final String CHANGE = "tensors";

  private final OwnedService<Catalogue> catalogue;
  private final Map<String, Kept> sets = new TreeMap<>();

  private record Kept(String set, long version, Holding holding) {
    Kept share() {
      holding.sources().forEach(source -> source.ranks().forEach(Contribution::share));
      return this;
    }
  }

  /// @param catalogue which is brought up to date by this keeper alone
  public TensorKeeper(OwnedService<Catalogue> catalogue) {
    this.catalogue = catalogue;
  }

  /// Keeps a version that is whole, and no longer the one of the set that it kept before.
  ///
  /// @throws StoreException if it is not there: it was never whole, or was lost with the catalogue
  ///   before it was kept, and has to be published again
  public void keep(String set, long version) {
    Kept next = new Kept(set, version, catalogue.route().holdVersion(set, version));
    FaultPoint.reach("keeper.held");
    replace(next);
    catalogue.update(CHANGE, this::bring);
    FaultPoint.reach("keeper.kept");
  }

  private synchronized void replace(Kept next) {
    Kept before = sets.put(next.set(), next);
    if (before != null) {
      before.holding().close();
    }
  }

  /// Brings a catalogue up to date, also one that has nothing yet.
  private void bring(Catalogue replica) {
    List<Kept> wanted = wanted();
    try {
      for (Kept each : wanted) {
        List<Long> there = replica.versions(each.set());
        if (there.isEmpty() || there.getLast() < each.version()) {
          each.holding()
              .sources()
              .forEach(source ->
                  source
                      .ranks()
                      .forEach(part -> replica.publish(each.set(), each.version(), part)));
        }
      }
    } finally {
      wanted.forEach(each -> each.holding().close());
    }
  }

  /// Handles of their own: what is replaced meanwhile stays until the catalogue has it.
  private synchronized List<Kept> wanted() {
    return new ArrayList<>(sets.values().stream().map(Kept::share).toList());
  }

  /// Gives all versions up. The catalogue has them until it ends.
  @Override
  public synchronized void close() {
    sets.values().forEach(kept -> kept.holding().close());
    sets.clear();
  }
}
