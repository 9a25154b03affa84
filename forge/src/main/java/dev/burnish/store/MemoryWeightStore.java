package dev.burnish.store;

import dev.burnish.actor.Context;
import dev.burnish.concurrent.FaultPoint;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// A [WeightStore] that keeps handles on what publishers wrote. One call at a time, as an actor's.
///
/// Fault points: `store.publish` before a version is visible, `store.published` after it,
/// `store.get` before one is given out.
public final class MemoryWeightStore implements WeightStore, AutoCloseable {
  private final Map<String, Versions> sets = new TreeMap<>();

  @Override
  public void publish(Published version) {
    version.requireSizes();
    Versions versions = of(version.set());
    if (versions.lacks(version.manifest())) {
      FaultPoint.reach("store.publish");
      versions.add(version.share());
      FaultPoint.reach("store.published");
    }
  }

  private Versions of(String set) {
    return sets.computeIfAbsent(set, _ -> new Versions());
  }

  @Override
  public Published get(String set, long version) {
    FaultPoint.reach("store.get");
    return find(set, version).share();
  }

  @Override
  public Manifest manifest(String set, long version) {
    return find(set, version).manifest();
  }

  private Published find(String set, long version) {
    return of(set)
        .find(version)
        .orElseThrow(() ->
            new WeightsException(
                "the version must be there: set=%s version=%d versions=%s"
                    .formatted(set, version, versions(set))));
  }

  @Override
  public long await(String set, long version) {
    Versions versions = of(set);
    Context.await(() -> versions.hasReached(version));
    return versions.latest();
  }

  @Override
  public List<Long> versions(String set) {
    return of(set).all();
  }

  @Override
  public void retain(String set, long oldest) {
    of(set).retain(oldest);
  }

  @Override
  public void close() {
    sets.values().forEach(Versions::close);
  }
}
