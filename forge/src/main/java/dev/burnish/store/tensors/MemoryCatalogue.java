package dev.burnish.store.tensors;

import dev.burnish.actor.Context;
import dev.burnish.concurrent.FaultPoint;
import dev.burnish.link.Region;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Stream;

/// A [Catalogue] that keeps handles on the memory that writers wrote: what was put stays when its
/// writers are gone. One call at a time, as an actor's.
///
/// Its process serves readers of other hosts with what writers of its own host have put, and
/// encrypts it: give it resources of a process that computes where there are such readers. A light
/// process, whose compiler knows no instructions for that, sends 60 MB/s.
///
/// Fault points: `catalogue.put` before a part is taken, `catalogue.taken` after it,
/// `catalogue.hold` before handles are given out.
public final class MemoryCatalogue implements Catalogue, AutoCloseable {
  private final int numKept;
  private final DraftIndex index = new DraftIndex();
  private final Keys keys = new Keys(index);
  private final long epoch = ThreadLocalRandom.current().nextLong();
  private final Map<String, VersionedSet> sets = new TreeMap<>();

  /// Keeps the latest version of each set.
  public MemoryCatalogue() {
    this(1);
  }

  /// @param numKept versions that are kept of each set, at least 1. Readers keep theirs until they
  ///   close them
  public MemoryCatalogue(int numKept) {
    if (numKept < 1) {
      throw new IllegalArgumentException("at least one version must be kept: numKept=" + numKept);
    }
    this.numKept = numKept;
  }

  @Override
  public Receipt put(Contribution part) {
    FaultPoint.reach("catalogue.put");
    long number = keys.put(part);
    FaultPoint.reach("catalogue.taken");
    return new Receipt(epoch, number);
  }

  @Override
  public Receipt publish(String set, long version, Contribution part) {
    FaultPoint.reach("catalogue.put");
    long number = of(set).publish(version, part);
    FaultPoint.reach("catalogue.taken");
    return new Receipt(epoch, number);
  }

  private VersionedSet of(String set) {
    return sets.computeIfAbsent(set, name -> new VersionedSet(name, numKept, index));
  }

  @Override
  public Holding hold(List<String> wanted) {
    FaultPoint.reach("catalogue.hold");
    return keys.hold(wanted);
  }

  @Override
  public Holding holdUnder(String key) {
    FaultPoint.reach("catalogue.hold");
    return keys.holdUnder(key);
  }

  @Override
  public Holding holdVersion(String set, long version) {
    FaultPoint.reach("catalogue.hold");
    return of(set).hold(version);
  }

  @Override
  public Holding awaitVersion(String set, long version) {
    VersionedSet versions = of(set);
    Context.await(() -> versions.hasReached(version));
    FaultPoint.reach("catalogue.hold");
    return versions.holdLatest();
  }

  @Override
  public void await(List<String> wanted) {
    Context.await(() -> wanted.stream().allMatch(keys::has));
  }

  @Override
  public List<Long> versions(String set) {
    return of(set).versions();
  }

  @Override
  public List<Missing> missing() {
    return Stream.concat(
            keys.missing().stream(), sets.values().stream().flatMap(set -> set.missing().stream()))
        .toList();
  }

  @Override
  public List<Lost> lost() {
    return Stream.concat(keys.visible(), sets.values().stream().flatMap(VersionedSet::visible))
        .map(draft -> new Lost(draft.state().what(), draft.lost()))
        .filter(each -> !each.ranks().isEmpty())
        .toList();
  }

  @Override
  public Uses uses(List<Long> ids) {
    Map<Long, Long> lastHeld = new HashMap<>();
    ids.forEach(id -> index.find(id).ifPresent(draft -> lastHeld.put(id, draft.lastUse())));
    return new Uses(epoch, lastHeld);
  }

  @Override
  public void moved(long id, int copy, Region memory) {
    index.find(id).ifPresent(draft -> draft.moved(id, copy, memory));
  }

  @Override
  public void restore(List<Deposit> deposits) {
    for (Deposit each : deposits) {
      Optional<Draft> known = index.find(each.part().id());
      if (known.isPresent()) {
        known.get().supply(each.part());
      } else {
        switch (each.to()) {
          case Destination.ToKeys _ -> keys.restore(each.number(), each.part());
          case Destination.ToVersion(String set, long version) ->
              of(set).restore(version, each.part());
        }
      }
    }
  }

  @Override
  public long restored() {
    keys.restored();
    sets.values().forEach(VersionedSet::restored);
    return epoch;
  }

  @Override
  public List<String> keys() {
    return keys.all();
  }

  @Override
  public List<String> keysUnder(String key) {
    return keys.under(key);
  }

  @Override
  public List<String> present(List<String> wanted) {
    return wanted.stream().filter(keys::has).toList();
  }

  @Override
  public List<String> delete(List<String> unwanted) {
    return keys.delete(unwanted);
  }

  @Override
  public void abandon(String set) {
    of(set).abandon();
  }

  @Override
  public void close() {
    keys.close();
    sets.values().forEach(VersionedSet::close);
  }
}
