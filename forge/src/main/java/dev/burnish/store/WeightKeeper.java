package dev.burnish.store;

import dev.burnish.concurrent.FaultPoint;
import dev.burnish.service.OwnedService;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// Holds the versions that others need beyond the lives of their processes, and sees to it that the
/// store has them: a store that was restarted gets all of them before it is asked for any. For the
/// process that outlives the others, the controller. Thread-safe.
///
/// ```java
/// try (WeightKeeper keeper = new WeightKeeper(store)) {
///   keeper.publish(trainer.route().publish(version));   // handles: the bytes stay where they are
///   policy.update("weights", generator -> generator.updateWeights(version));
///   keeper.retain("policy", version - maxStaleness);
/// }
/// ```
///
/// Invariant: a version is kept before the store makes it visible, and as long as it is visible. So
/// neither the process that wrote it nor the store can take it along. Its lock is a leaf: no call
/// is made with it.
///
/// Fault points: `keeper.kept` before a version is visible, `keeper.published` after it.
public final class WeightKeeper implements AutoCloseable {
  /// The name of its change of state at the service.
  private static final String CHANGE = "weights";

  private final OwnedService<WeightStore> store;
  private final Map<String, Versions> sets = new TreeMap<>();

  /// @param store which only this keeper publishes to
  public WeightKeeper(OwnedService<WeightStore> store) {
    this.store = store;
  }

  /// Keeps a version, whose handles it owns from now on, and makes it visible. Publishing a version
  /// again with the same digests changes nothing.
  ///
  /// @throws WeightsException if it is there with other values, is older than what is retained, or
  ///   is not whole; it is closed then too
  /// @throws RuntimeException if the store does not take it in time: it is kept, and becomes
  ///   visible when it is published again, or when the store is restarted
  public void publish(Published version) {
    keep(version);
    FaultPoint.reach("keeper.kept");
    store.update(CHANGE, this::bring);
    FaultPoint.reach("keeper.published");
  }

  private synchronized void keep(Published version) {
    boolean kept = false;
    try {
      version.requireSizes();
      Versions versions = of(version.set());
      if (versions.lacks(version.manifest())) {
        versions.add(version);
        kept = true;
      }
    } finally {
      if (!kept) {
        version.close();
      }
    }
  }

  private Versions of(String set) {
    return sets.computeIfAbsent(set, _ -> new Versions());
  }

  /// Drops the versions of a set that are older, here and at the store; the latest stays. Those who
  /// read one have it until they close it.
  public void retain(String set, long oldest) {
    synchronized (this) {
      of(set).retain(oldest);
    }
    store.update(CHANGE, this::bring);
  }

  /// A version, to be closed by the caller.
  ///
  /// @throws WeightsException if it is not kept; the message names those that are
  public synchronized Published get(String set, long version) {
    return of(set)
        .find(version)
        .orElseThrow(() ->
            new WeightsException(
                "the version must be kept: set=%s version=%d versions=%s"
                    .formatted(set, version, versions(set))))
        .share();
  }

  /// The versions of a set that are kept, in order.
  public synchronized List<Long> versions(String set) {
    return of(set).all();
  }

  /// The versions of a set that the store must have.
  private record Wanted(String set, long oldest, List<Published> versions) {}

  /// Brings a store up to date, also one that has nothing yet.
  private void bring(WeightStore replica) {
    List<Wanted> wanted = wanted();
    try {
      for (Wanted each : wanted) {
        List<Long> there = replica.versions(each.set());
        each.versions().stream()
            .filter(version -> !there.contains(version.version()))
            .forEach(replica::publish);
        replica.retain(each.set(), each.oldest());
      }
    } finally {
      wanted.forEach(each -> each.versions().forEach(Published::close));
    }
  }

  /// Handles of their own: what is dropped meanwhile stays until the store has it or not.
  private synchronized List<Wanted> wanted() {
    List<Wanted> wanted = new ArrayList<>();
    sets.forEach((set, versions) ->
        wanted.add(
            new Wanted(
                set,
                versions.oldest(),
                versions.published().stream().map(Published::share).toList())));
    return wanted;
  }

  /// Drops all. The store keeps its handles until it ends.
  @Override
  public synchronized void close() {
    sets.values().forEach(Versions::close);
  }
}
